import {
  nameOf,
  type PartitionName,
  type PartitionPosition,
  type ReadOptions,
  type StreamEntry,
  type StreamReader,
} from "../platform/streams/streams.ts";

type Positions = ReadonlyMap<PartitionName, PartitionPosition>;

interface Ahead {
  from: Positions;
  entries: Promise<StreamEntry[][]>;
}

/** At the end of a backlog nothing is waited for: that is for the next read, which knows what happened meanwhile. */
const NO_WAIT_MS = 1;

/**
 * Reads on while a batch is being handled, as long as there is a backlog: Redis and the parsing of what it sends work
 * while Postgres does. What was read ahead is thrown away when it turns out not to follow: a batch failed, or partitions
 * changed hands.
 */
export class ReadAhead implements StreamReader {
  readonly #reader: StreamReader;
  #ahead: Ahead | undefined;

  constructor(reader: StreamReader) {
    this.#reader = reader;
  }

  async read(positions: Positions, options: ReadOptions): Promise<StreamEntry[][]> {
    const found = (await this.#taken(positions)) ?? (await this.#reader.read(positions, options));
    if (found.some((entries) => entries.length >= options.count)) this.#begin(positions, found, options);
    return found;
  }

  close(): void {
    this.#reader.close();
  }

  #begin(positions: Positions, found: readonly (readonly StreamEntry[])[], options: ReadOptions): void {
    const from = new Map(positions);
    for (const entries of found) {
      const last = entries.at(-1);
      if (last) from.set(nameOf(last), { stream: last.stream, partition: last.partition, position: last.seq });
    }
    const entries = this.#reader.read(from, { ...options, block_ms: NO_WAIT_MS });
    // Whoever takes it hears of a failure.
    entries.catch(() => undefined);
    this.#ahead = { from, entries };
  }

  /** What was read ahead, if it follows `positions`. It is over in any case when this resolves. */
  async #taken(positions: Positions): Promise<StreamEntry[][] | undefined> {
    const ahead = this.#ahead;
    if (!ahead) return undefined;
    this.#ahead = undefined;
    const entries = await ahead.entries;
    const same = ahead.from.size === positions.size;
    const follows = [...ahead.from].every(([name, { position }]) => positions.get(name)?.position === position);
    return same && follows && entries.length > 0 ? entries : undefined;
  }
}
