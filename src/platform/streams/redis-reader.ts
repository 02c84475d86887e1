import type { RedisNodes } from "./redis-nodes.ts";
import { isElsewhere, RedisSocket } from "./redis-socket.ts";
import type { PartitionName, PartitionPosition, ReadOptions, StreamEntry, StreamReader } from "./streams.ts";
import { ReadRefused, XreadAnswer, XreadCommand } from "./xread.ts";

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
  readonly #command: XreadCommand;
  readonly #sockets = new Map<string, RedisSocket>();
  readonly #readings = new Map<string, Reading>();
  #closed = false;

  constructor(nodes: RedisNodes, name: string) {
    this.#nodes = nodes;
    this.#name = name;
    this.#command = new XreadCommand((ref) => nodes.keyOf(ref));
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
    this.#closed = true;
    for (const socket of this.#sockets.values()) socket.close();
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

  /** A read that was blocked when the connection broke may never be answered: so each has a limit of its own. */
  async #readGroup(
    group: string,
    positions: readonly PartitionPosition[],
    options: ReadOptions,
  ): Promise<StreamEntry[][]> {
    const [first] = positions;
    if (!first) return [];
    try {
      const socket = await this.#socketOf(group, first);
      const answer = new XreadAnswer();
      await socket.send(this.#command.bytes(positions, options), answer, options.block_ms + GRACE_MS);
      return answer.entries;
    } catch (error) {
      // The node may be gone for good and another one in charge.
      if (!(error instanceof ReadRefused) || isElsewhere(error.message)) {
        this.#sockets.get(group)?.close();
        this.#nodes.moved();
      }
      throw error;
    }
  }

  async #socketOf(group: string, ref: PartitionPosition): Promise<RedisSocket> {
    const known = this.#sockets.get(group);
    if (known && !known.closed) return known;
    const address = this.#nodes.addressOf(await this.#nodes.nodeOf(ref));
    const socket = await RedisSocket.connect(address, this.#name, []);
    this.#sockets.set(group, socket);
    if (this.#closed) socket.close();
    return socket;
  }
}
