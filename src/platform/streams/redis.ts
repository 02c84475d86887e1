import { Cluster, type Redis } from "ioredis";
import { endOf, namesAfter } from "./redis-ends.ts";
import { mirrorGroups } from "./redis-groups.ts";
import { type RedisClient, type RedisNodes, redisNodes } from "./redis-nodes.ts";
import { RedisReader } from "./redis-reader.ts";
import { isForbidden } from "./redis-socket.ts";
import { RedisWriters } from "./redis-writers.ts";
import {
  type EntryName,
  type EventStreams,
  nameOf,
  type PartitionName,
  type PartitionRef,
  type ReaderPlace,
  type StreamEnd,
  type StreamEntry,
  type StreamReader,
} from "./streams.ts";

const WAKE_CHANNEL = "events:wake";
const GAVE_UP = /MaxRetriesPerRequest|Connection is closed|Command timed out/;

/** No answer, with the reason that the last attempt to connect had. */
class RedisUnreachable extends Error {
  readonly code = "redis_unreachable";
}

/** Settings of a Redis server that decide whether it may hold streams. */
export interface RedisSettings {
  maxmemory_policy: string;
  appendonly: string;
  version: string;
}

/**
 * Redis Streams, one key for each partition, with explicit ids `<seq>-0`. One server, or a cluster when the URL lists
 * several nodes.
 */
export class RedisStreams implements EventStreams {
  readonly kind = "redis";
  readonly #nodes: RedisNodes;
  readonly #redis: RedisClient;
  readonly #writers: RedisWriters;
  readonly #name: string;
  readonly #log: (error: Error) => void;
  readonly #subscribers = new Set<RedisClient>();
  #hints = 0;
  /** Why there was no connection, when that was last tried. */
  #refused: Error | undefined;

  /** `log` hears of connection errors; the connection is made anew by itself. */
  constructor(urls: string, name: string, log: (error: Error) => void) {
    this.#nodes = redisNodes(urls);
    this.#name = name;
    this.#log = log;
    this.#redis = this.#nodes.client(name, "commands");
    this.#redis.on("error", (error) => {
      this.#refused = error;
      log(error);
    });
    this.#redis.on("ready", () => {
      this.#refused = undefined;
    });
    this.#writers = new RedisWriters(this.#nodes, name);
  }

  async append(entries: readonly StreamEntry[]): Promise<void> {
    await this.#writers.append(entries, false);
  }

  async refill(entries: readonly StreamEntry[]): Promise<void> {
    await this.#writers.append(entries, true);
  }

  async ends(refs: readonly PartitionRef[]): Promise<Map<PartitionName, StreamEnd>> {
    const ends = new Map<PartitionName, StreamEnd>();
    await Promise.all(
      refs.map(async (ref) => {
        const end = await this.#told(endOf(this.#redis, this.#nodes.keyOf(ref)));
        if (end) ends.set(nameOf(ref), end);
      }),
    );
    return ends;
  }

  async after(ref: PartitionRef, seq: number, count: number): Promise<EntryName[]> {
    return await this.#told(namesAfter(this.#redis, this.#nodes.keyOf(ref), seq, count));
  }

  async trim(ref: PartitionRef, before_seq: number): Promise<void> {
    await this.#told(this.#redis.xtrim(this.#nodes.keyOf(ref), "MINID", `${before_seq}-0`));
  }

  async shorten(ref: PartitionRef, length: number): Promise<void> {
    await this.#told(this.#redis.xtrim(this.#nodes.keyOf(ref), "MAXLEN", length));
  }

  async remove(ref: PartitionRef): Promise<void> {
    await this.#told(this.#redis.del(this.#nodes.keyOf(ref)));
  }

  async mirror(ref: PartitionRef, readers: readonly ReaderPlace[]): Promise<void> {
    await this.#told(mirrorGroups(this.#redis, this.#nodes.keyOf(ref), readers));
  }

  reader(): StreamReader {
    return new RedisReader(this.#nodes, `${this.#name}-reader`);
  }

  wake(): void {
    if (this.#redis.status !== "ready") return;
    this.#hints = Math.min(this.#hints + 1, 2);
    if (this.#hints === 1) this.#hint();
  }

  /** One hint on its way and one behind it: the first may have been heard before the last commit, the second was not. */
  #hint(): void {
    this.#redis
      .publish(WAKE_CHANNEL, "")
      .catch(() => 0)
      .finally(() => {
        this.#hints--;
        if (this.#hints > 0) this.#hint();
      });
  }

  onWake(listener: () => void): () => void {
    const subscriber = this.#nodes.client(`${this.#name}-wake`, "blocking");
    this.#subscribers.add(subscriber);
    subscriber.on("error", this.#log);
    subscriber.on("message", listener);
    subscriber.subscribe(WAKE_CHANNEL).catch(() => undefined);
    return () => {
      this.#subscribers.delete(subscriber);
      subscriber.disconnect();
    };
  }

  onReconnect(listener: () => void): () => void {
    this.#redis.on("ready", listener);
    const added = (node: Redis) => node.on("ready", listener);
    if (this.#redis instanceof Cluster) this.#redis.on("+node", added);
    return () => {
      this.#redis.off("ready", listener);
      this.#redis.off("+node", added);
    };
  }

  async check(): Promise<void> {
    await this.#told(this.#redis.ping());
  }

  /** What an operator must not leave at its default, of every node: the policy that evicts streams, an append-only file that is off. */
  async configurations(): Promise<RedisSettings[]> {
    await this.check();
    const servers = this.#redis instanceof Cluster ? this.#redis.nodes("master") : [this.#redis];
    return await this.#told(Promise.all(servers.map(settingsOf)));
  }

  async close(): Promise<void> {
    for (const subscriber of this.#subscribers) subscriber.disconnect();
    this.#writers.close();
    this.#redis.disconnect();
  }

  /** Where nobody answers, the library tells of settings of its own, not of why it could not connect. */
  async #told<T>(answer: Promise<T>): Promise<T> {
    try {
      return await answer;
    } catch (error) {
      if (!(error instanceof Error) || !GAVE_UP.test(`${error.name} ${error.message}`)) throw error;
      throw new RedisUnreachable(reasonOf(this.#refused), { cause: error });
    }
  }
}

function reasonOf(refused: (Error & { code?: unknown }) | undefined): string {
  if (refused?.code === "ENOTFOUND") return "its host name is unknown";
  const silent = refused?.code === undefined || refused.code === "ECONNREFUSED" || refused.code === "ETIMEDOUT";
  return silent ? "nothing answers at its address" : refused.message;
}

async function settingsOf(server: Redis): Promise<RedisSettings> {
  const [maxmemory_policy, appendonly, info] = await Promise.all([
    setting(server, "maxmemory-policy"),
    setting(server, "appendonly"),
    server.info("server"),
  ]);
  return { maxmemory_policy, appendonly, version: /redis_version:(\S+)/.exec(info)?.[1] ?? "0" };
}

/** Empty where the provider does not let anybody ask. */
async function setting(server: Redis, name: string): Promise<string> {
  const answer: unknown = await server.config("GET", name).catch((error: Error) => {
    if (isForbidden(error.message)) return undefined;
    throw error;
  });
  if (Array.isArray(answer)) return String(answer[1]);
  if (typeof answer === "object" && answer !== null && name in answer) return String(Reflect.get(answer, name));
  return "";
}
