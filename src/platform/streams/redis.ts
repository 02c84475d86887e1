import { Redis } from "ioredis";
import { entryOf, fieldsOf } from "./entry.ts";
import { redisOptions, streamKey } from "./redis-connection.ts";
import { RedisReader } from "./redis-reader.ts";
import {
  type EventStreams,
  nameOf,
  type PartitionName,
  type PartitionRef,
  type StreamEnd,
  type StreamEntry,
  type StreamReader,
} from "./streams.ts";

const WAKE_CHANNEL = "events:wake";
/** A socket whose peer lost power is noticed within seconds. */
const COMMAND_TIMEOUT_MS = 5000;

/** Redis cannot take more entries now (`maxmemory` reached). */
export class StreamsFull extends Error {
  readonly code = "streams_full";
}

/** Redis Streams, one key for each partition, with explicit ids `<seq>-0`. */
export class RedisStreams implements EventStreams {
  readonly kind = "redis";
  readonly #redis: Redis;
  readonly #url: string;
  readonly #name: string;
  readonly #log: (error: Error) => void;
  #subscriber: Redis | undefined;
  #waking = false;

  /** `log` hears of connection errors; the connection is made anew by itself. */
  constructor(url: string, name: string, log: (error: Error) => void) {
    this.#url = url;
    this.#name = name;
    this.#log = log;
    this.#redis = new Redis(url, {
      ...redisOptions(name),
      commandTimeout: COMMAND_TIMEOUT_MS,
      maxRetriesPerRequest: 1,
      // Explicit ids make sending again harmless, but the caller must know what was not confirmed.
      autoResendUnfulfilledCommands: false,
    });
    this.#redis.on("error", log);
  }

  async append(entries: readonly StreamEntry[]): Promise<void> {
    if (entries.length === 0) return;
    const pipeline = this.#redis.pipeline();
    for (const entry of entries) pipeline.xadd(streamKey(entry), `${entry.seq}-0`, ...fieldsOf(entry));
    for (const [error] of (await pipeline.exec()) ?? []) {
      if (!error || isThereAlready(error)) continue;
      throw error.message.startsWith("OOM") ? new StreamsFull(error.message) : error;
    }
  }

  async ends(refs: readonly PartitionRef[]): Promise<Map<PartitionName, StreamEnd>> {
    const pipeline = this.#redis.pipeline();
    for (const ref of refs) pipeline.xinfo("STREAM", streamKey(ref));
    const answers = (await pipeline.exec()) ?? [];
    const ends = new Map<PartitionName, StreamEnd>();
    refs.forEach((ref, i) => {
      const [error, info] = answers[i] ?? [new Error("no answer to XINFO STREAM"), null];
      if (error) {
        if (error.message.includes("no such key")) return;
        throw error;
      }
      ends.set(nameOf(ref), endOf(info));
    });
    return ends;
  }

  async trim(ref: PartitionRef, before_seq: number): Promise<void> {
    await this.#redis.xtrim(streamKey(ref), "MINID", `${before_seq}-0`);
  }

  async remove(ref: PartitionRef): Promise<void> {
    await this.#redis.del(streamKey(ref));
  }

  reader(): StreamReader {
    return new RedisReader(this.#url, `${this.#name}-reader`, this.#log);
  }

  wake(): void {
    // One hint in flight is enough: the relay reads everything that is there when it hears it.
    if (this.#waking || this.#redis.status !== "ready") return;
    this.#waking = true;
    this.#redis
      .publish(WAKE_CHANNEL, "")
      .catch(() => 0)
      .finally(() => {
        this.#waking = false;
      });
  }

  onWake(listener: () => void): () => void {
    const subscriber = new Redis(this.#url, { ...redisOptions(`${this.#name}-wake`), maxRetriesPerRequest: null });
    this.#subscriber = subscriber;
    subscriber.on("error", this.#log);
    subscriber.on("message", listener);
    subscriber.subscribe(WAKE_CHANNEL).catch(() => undefined);
    return () => subscriber.disconnect();
  }

  onReconnect(listener: () => void): () => void {
    this.#redis.on("ready", listener);
    return () => this.#redis.off("ready", listener);
  }

  async check(): Promise<void> {
    await this.#redis.ping();
  }

  /** What an operator must not leave at its default: the policy that evicts streams, and an append-only file that is off. */
  async configuration(): Promise<{ maxmemory_policy: string; appendonly: string; version: string }> {
    const [policy, appendonly, info] = await Promise.all([
      this.#setting("maxmemory-policy"),
      this.#setting("appendonly"),
      this.#redis.info("server"),
    ]);
    return { maxmemory_policy: policy, appendonly, version: /redis_version:(\S+)/.exec(info)?.[1] ?? "0" };
  }

  async #setting(name: string): Promise<string> {
    const answer: unknown = await this.#redis.config("GET", name);
    if (Array.isArray(answer)) return String(answer[1]);
    if (typeof answer === "object" && answer !== null && name in answer) return String(Reflect.get(answer, name));
    return "";
  }

  async close(): Promise<void> {
    this.#subscriber?.disconnect();
    this.#redis.disconnect();
  }
}

/** XADD refuses an id that is not greater than the last: the entry was published before. */
function isThereAlready(error: Error): boolean {
  return error.message.includes("equal or smaller than the target stream top item");
}

function endOf(info: unknown): StreamEnd {
  const found = new Map<unknown, unknown>();
  if (Array.isArray(info)) for (let i = 0; i + 1 < info.length; i += 2) found.set(info[i], info[i + 1]);
  const last: unknown = found.get("last-entry");
  const newest =
    Array.isArray(last) && Array.isArray(last[1]) ? entryOf(String(last[0]), last[1].map(String)) : undefined;
  return {
    last_seq: Number.parseInt(String(found.get("last-generated-id")), 10),
    newest: newest && { seq: newest.seq, event_id: newest.event_id },
    length: Number(found.get("length")),
  };
}
