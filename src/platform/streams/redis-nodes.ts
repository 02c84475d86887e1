import { Cluster, Redis } from "ioredis";
import { redisOptions } from "./redis-connection.ts";
import type { RedisAddress } from "./redis-socket.ts";
import type { PartitionRef } from "./streams.ts";

/** A client for one server or for a cluster; the commands are the same. */
export type RedisClient = Redis | Cluster;

/** What differs between one Redis and a cluster of them. */
export interface RedisNodes {
  keyOf(ref: PartitionRef): string;
  /** Partitions of the same group are served by one node and one blocking read. */
  groupOf(ref: PartitionRef): string;
  /** Where entries of `ref` are written, as `host:port`. */
  nodeOf(ref: PartitionRef): Promise<string>;
  addressOf(node: string): RedisAddress;
  /** A client of its own, for what blocks and what subscribes. */
  client(name: string, purpose: "commands" | "blocking"): RedisClient;
  /** The server said that it is not in charge (any more). */
  moved(): void;
}

/** A silent server is noticed within seconds. */
const COMMAND_TIMEOUT_MS = 5000;
/** Groups of partitions in a cluster: more spread the load over more nodes and cost a connection for each reader. */
const GROUPS = 8;

/** `REDIS_URL`: one server, or the nodes of a cluster by comma. */
export function redisNodes(urls: string): RedisNodes {
  const list = urls.split(",").map((url) => url.trim());
  const [first = ""] = list;
  return list.length === 1 ? new SingleRedis(first) : new ClusterNodes(list);
}

function addressOf(url: string): RedisAddress {
  const { hostname, port, protocol, username, password, pathname } = new URL(url);
  return {
    hostname: hostname.replace(/^\[|\]$/g, ""),
    port: Number(port || 6379),
    tls: protocol === "rediss:",
    username: decodeURIComponent(username),
    password: decodeURIComponent(password),
    database: Number(pathname.slice(1) || 0),
  };
}

/** Explicit ids make sending again harmless, but the caller must know what was not confirmed. */
const RETRIES = {
  commands: { commandTimeout: COMMAND_TIMEOUT_MS, maxRetriesPerRequest: 1, autoResendUnfulfilledCommands: false },
  blocking: { maxRetriesPerRequest: null, autoResendUnfulfilledCommands: false },
} as const;

class SingleRedis implements RedisNodes {
  readonly #url: string;

  constructor(url: string) {
    this.#url = url;
  }

  keyOf(ref: PartitionRef): string {
    return `events:${ref.stream}:${ref.partition}`;
  }

  groupOf(): string {
    return "";
  }

  async nodeOf(): Promise<string> {
    return "";
  }

  addressOf(): RedisAddress {
    return addressOf(this.#url);
  }

  client(name: string, purpose: "commands" | "blocking"): Redis {
    return new Redis(this.#url, { ...redisOptions(name), ...RETRIES[purpose] });
  }

  moved(): void {}
}

class ClusterNodes implements RedisNodes {
  readonly #urls: readonly string[];
  readonly #slots = new Map<string, number>();
  readonly #clients = new Set<Cluster>();

  constructor(urls: readonly string[]) {
    this.#urls = urls;
  }

  keyOf(ref: PartitionRef): string {
    return `events:{${this.groupOf(ref)}}:${ref.partition}`;
  }

  groupOf(ref: PartitionRef): string {
    return `${ref.stream}:${ref.partition % GROUPS}`;
  }

  async nodeOf(ref: PartitionRef): Promise<string> {
    const [cluster] = this.#clients;
    if (!cluster) throw new Error("no client of the cluster was made");
    const group = this.groupOf(ref);
    let slot = this.#slots.get(group);
    if (slot === undefined) {
      slot = Number(await cluster.cluster("KEYSLOT", this.keyOf(ref)));
      this.#slots.set(group, slot);
    }
    return await masterOf(cluster, slot);
  }

  addressOf(node: string): RedisAddress {
    const [first = ""] = this.#urls;
    const colon = node.lastIndexOf(":");
    return { ...addressOf(first), hostname: node.slice(0, colon), port: Number(node.slice(colon + 1)), database: 0 };
  }

  client(name: string, purpose: "commands" | "blocking"): Cluster {
    const [first = ""] = this.#urls;
    const { username, password, tls } = addressOf(first);
    const { retryStrategy: _, ...options } = redisOptions(name);
    const cluster = new Cluster(
      this.#urls.map((url) => addressOf(url)).map(({ hostname, port }) => ({ host: hostname, port })),
      {
        clusterRetryStrategy: (attempt) => Math.min(50 * 2 ** attempt, 2000),
        slotsRefreshTimeout: 3000,
        slotsRefreshInterval: 5000,
        redisOptions: {
          ...options,
          ...RETRIES[purpose],
          ...(username === "" ? {} : { username }),
          ...(password === "" ? {} : { password }),
          ...(tls ? { tls: {} } : {}),
        },
      },
    );
    this.#clients.add(cluster);
    cluster.on("end", () => this.#clients.delete(cluster));
    return cluster;
  }

  moved(): void {
    for (const cluster of this.#clients) cluster.refreshSlotsCache();
  }
}

/**
 * The node in charge of `slot`. A node that was asked before it knew the whole cluster (or its own address) told of some
 * slots only, so they are learnt again before one is taken to be nobody's.
 */
export async function masterOf(cluster: Pick<Cluster, "slots" | "refreshSlotsCache">, slot: number): Promise<string> {
  const known = cluster.slots[slot]?.[0];
  if (known !== undefined) return known;
  const failure = await new Promise<unknown>((resolve) => {
    cluster.refreshSlotsCache(resolve);
  });
  const learnt = cluster.slots[slot]?.[0];
  if (learnt !== undefined) return learnt;
  throw new Error(`no node of the Redis Cluster has slot ${slot}`, { cause: failure });
}
