import { Pulse } from "../platform/pulse.ts";
import {
  nameOf,
  type PartitionName,
  type PartitionPosition,
  type PartitionRef,
  type ReadOptions,
  type StreamEntry,
  type StreamReader,
} from "../platform/streams/streams.ts";

type Positions = ReadonlyMap<PartitionName, PartitionPosition>;

/** How far a partition was read, and what of it nobody has taken yet. */
interface Ahead extends PartitionRef {
  /** Last `seq` that was read. */
  read: number;
  /** Last `seq` that was given away. */
  taken: number;
  waiting: StreamEntry[];
}

/** Longest a read waits for news: partitions that came meanwhile are in the next one. */
const BLOCK_MS = 500;

/** A read brings no more than this many times `count` of all partitions together, so that it does not outlast a batch. */
const BATCHES_A_READ = 2;

/** Characters of payloads a read brings at most, about: as far as those of the read before it tell. */
const CHARACTERS_A_READ = 16 * 1024 * 1024;

/**
 * Reads on while a batch is being handled: Redis and the parsing of what it sends work while Postgres does, and what
 * came meanwhile is there when the batch is done. At most one read's worth waits; the next begins when that was taken.
 * What does not follow the positions asked for is thrown away: a batch failed, or partitions changed hands.
 */
export class ReadAhead implements StreamReader {
  readonly #reader: StreamReader;
  readonly #news = new Pulse();
  #partitions = new Map<PartitionName, Ahead>();
  #waiting = 0;
  /** Partitions that had more than the last read brought; more than one shares what a read may bring. */
  #behind = Number.POSITIVE_INFINITY;
  /** Entries of which the payloads would be CHARACTERS_A_READ, if all were like those of the last read. */
  #fitting = Number.POSITIVE_INFINITY;
  #reading = false;
  #failure: { error: unknown } | undefined;
  #closed = false;

  constructor(reader: StreamReader) {
    this.#reader = reader;
  }

  async read(positions: Positions, options: ReadOptions): Promise<StreamEntry[][]> {
    this.#follow(positions);
    this.#readOn(options);
    const until = performance.now() + options.block_ms;
    while (this.#waiting === 0 && !this.#failure && !this.#closed) {
      const left = until - performance.now();
      if (left <= 0) break;
      await this.#news.wait(left);
    }
    const failure = this.#failure;
    this.#failure = undefined;
    if (failure) throw failure.error;
    const found = this.#take(options.count);
    this.#readOn(options);
    return found;
  }

  /** Throws away what was read and is not taken yet. */
  forget(): void {
    this.#partitions = new Map();
    this.#waiting = 0;
  }

  close(): void {
    this.#closed = true;
    this.#news.beat();
    this.#reader.close();
  }

  #follow(positions: Positions): void {
    const partitions = new Map<PartitionName, Ahead>();
    for (const [name, { stream, partition, position }] of positions) {
      const known = this.#partitions.get(name);
      const ahead = known?.taken === position ? known : undefined;
      partitions.set(name, ahead ?? { stream, partition, read: position, taken: position, waiting: [] });
    }
    this.#partitions = partitions;
    this.#waiting = [...partitions.values()].reduce((sum, { waiting }) => sum + waiting.length, 0);
  }

  #take(count: number): StreamEntry[][] {
    const found: StreamEntry[][] = [];
    for (const ahead of this.#partitions.values()) {
      const entries = ahead.waiting.splice(0, count);
      const last = entries.at(-1);
      if (!last) continue;
      ahead.taken = last.seq;
      this.#waiting -= entries.length;
      found.push(entries);
    }
    return found;
  }

  #readOn(options: ReadOptions): void {
    if (!this.#reading) void this.#readWhileThereIsRoom(options);
  }

  async #readWhileThereIsRoom({ count, block_ms }: ReadOptions): Promise<void> {
    this.#reading = true;
    try {
      while (this.#waiting < Math.min(count, this.#fitting) && this.#partitions.size > 0 && !this.#closed) {
        const from = this.#partitions;
        const shared = count / Math.max(1, Math.min(this.#behind, from.size) / BATCHES_A_READ);
        const share = Math.ceil(Math.min(shared, this.#fitting / from.size));
        const found = await this.#reader.read(endsOf(from), { count: share, block_ms: Math.min(block_ms, BLOCK_MS) });
        this.#behind = found.filter((entries) => entries.length >= share).length;
        if (found.length > 0) this.#fitting = fitting(found.flat());
        for (const entries of found) this.#keep(entries, from);
        if (found.length > 0) this.#news.beat();
      }
    } catch (error) {
      this.#failure = { error };
      this.#news.beat();
    } finally {
      this.#reading = false;
    }
  }

  /** Keeps what follows; not what was asked for before its partition was to be read from somewhere else. */
  #keep(entries: readonly StreamEntry[], from: ReadonlyMap<PartitionName, Ahead>): void {
    const [first] = entries;
    if (!first) return;
    const ahead = this.#partitions.get(nameOf(first));
    if (!ahead || ahead !== from.get(nameOf(first))) return;
    const fresh = entries.filter(({ seq }) => seq > ahead.read);
    ahead.waiting.push(...fresh);
    ahead.read = fresh.at(-1)?.seq ?? ahead.read;
    this.#waiting += fresh.length;
  }
}

function fitting(entries: readonly StreamEntry[]): number {
  const characters = entries.reduce((sum, { payload }) => sum + payload.length, 0);
  return Math.max(1, (CHARACTERS_A_READ * entries.length) / Math.max(1, characters));
}

function endsOf(partitions: ReadonlyMap<PartitionName, Ahead>): Map<PartitionName, PartitionPosition> {
  return new Map(
    [...partitions].map(([name, { stream, partition, read }]) => [name, { stream, partition, position: read }]),
  );
}
