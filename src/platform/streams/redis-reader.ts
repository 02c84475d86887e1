import { entryOf } from "./entry.ts";
import type { RedisClient, RedisNodes } from "./redis-nodes.ts";
import type { PartitionName, PartitionPosition, ReadOptions, StreamEntry, StreamReader } from "./streams.ts";

/** How much longer than its BLOCK a read may take before its socket is given up. */
const GRACE_MS = 3000;

interface Reading {
  /** Settles when the group's read is over. */
  over: Promise<unknown>;
  entries: StreamEntry[][];
  failure: unknown;
  done: boolean;
}

/**
 * Reads with blocking XREAD, one connection for each group of partitions: one in all on a single server, one for each
 * group of a cluster. What a group still waits for when another one has news is kept for the next call: it may bring
 * entries again that the caller has by then, never skip any.
 */
export class RedisReader implements StreamReader {
  readonly #nodes: RedisNodes;
  readonly #name: string;
  readonly #log: (error: Error) => void;
  readonly #clients = new Map<string, RedisClient>();
  readonly #readings = new Map<string, Reading>();

  constructor(nodes: RedisNodes, name: string, log: (error: Error) => void) {
    this.#nodes = nodes;
    this.#name = name;
    this.#log = log;
  }

  async read(positions: ReadonlyMap<PartitionName, PartitionPosition>, options: ReadOptions): Promise<StreamEntry[][]> {
    const groups = new Map<string, PartitionPosition[]>();
    for (const position of positions.values()) {
      const group = this.#nodes.groupOf(position);
      const members = groups.get(group);
      if (members) members.push(position);
      else groups.set(group, [position]);
    }
    for (const [group, members] of groups) {
      if (!this.#readings.has(group)) this.#readings.set(group, this.#begin(group, members, options));
    }
    const found: StreamEntry[][] = [];
    while (this.#readings.size > 0) {
      await Promise.race([...this.#readings.values()].map(({ over }) => over));
      for (const [group, reading] of this.#readings) {
        if (!reading.done) continue;
        this.#readings.delete(group);
        if (reading.failure !== undefined) throw reading.failure;
        found.push(...reading.entries);
      }
      if (found.length > 0) return found;
    }
    return found;
  }

  close(): void {
    for (const client of this.#clients.values()) client.disconnect();
  }

  #begin(group: string, positions: readonly PartitionPosition[], options: ReadOptions): Reading {
    const reading: Reading = { over: Promise.resolve(), entries: [], failure: undefined, done: false };
    reading.over = this.#readGroup(group, positions, options)
      .then(
        (entries) => {
          reading.entries = entries;
        },
        (error: unknown) => {
          reading.failure = error;
        },
      )
      .finally(() => {
        reading.done = true;
      });
    return reading;
  }

  /**
   * A read that was blocked when the connection broke may never settle, so each has a watchdog that cuts the socket; the
   * caller reads again from its positions.
   */
  async #readGroup(
    group: string,
    positions: readonly PartitionPosition[],
    { count, block_ms }: ReadOptions,
  ): Promise<StreamEntry[][]> {
    const client = this.#clientOf(group);
    const keys = positions.map((position) => this.#nodes.keyOf(position));
    const ids = positions.map(({ position }) => `${position}-0`);
    let timer: ReturnType<typeof setTimeout> | undefined;
    const watchdog = new Promise<never>((_, reject) => {
      timer = setTimeout(() => {
        reject(new Error(`XREAD has not answered ${GRACE_MS} ms after its BLOCK time`));
        this.#clients.delete(group);
        client.disconnect();
      }, block_ms + GRACE_MS);
    });
    try {
      const read = client.xreadBuffer("COUNT", count, "BLOCK", Math.max(1, block_ms), "STREAMS", ...keys, ...ids);
      const answer = await Promise.race([read, watchdog]);
      return (answer ?? []).map(([, entries]) => entries.map(([id, fields]) => entryOf(id, fields)));
    } finally {
      clearTimeout(timer);
    }
  }

  #clientOf(group: string): RedisClient {
    const known = this.#clients.get(group);
    if (known) return known;
    const client = this.#nodes.client(this.#name, "blocking");
    client.on("error", this.#log);
    this.#clients.set(group, client);
    return client;
  }
}
