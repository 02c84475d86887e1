import type { EventEnvelope } from "../../contracts/envelope.ts";

/** One partition of a named stream. */
export interface PartitionRef {
  stream: string;
  partition: number;
}

/** A partition as text, e.g. `construction:7`: for maps. */
export type PartitionName = `${string}:${number}`;

export function nameOf(ref: PartitionRef): PartitionName {
  return `${ref.stream}:${ref.partition}`;
}

/** An event as the ledger stores it: its payload is still JSON text. */
export interface StoredEvent extends Omit<EventEnvelope, "payload"> {
  payload: string;
}

/** An event in a stream. `prev` is the greatest smaller `seq` of its partition in the ledger, 0 when there is none. */
export interface StreamEntry extends StoredEvent {
  prev: number;
}

/** What tells an entry from one of another ledger. */
export interface EntryName {
  seq: number;
  event_id: string;
}

/** Where a partition of a stream ends. */
export interface StreamEnd {
  /** Greatest `seq` ever appended since the stream was made, also when that entry was trimmed. */
  last_seq: number;
  /** The last entry that is still there. */
  newest: EntryName | undefined;
  length: number;
  /** Memory it takes, about. */
  bytes: number;
}

/** No room for more entries now (`maxmemory` reached). Some of what was appended may be there. */
export class StreamsFull extends Error {
  readonly code = "streams_full";
}

/**
 * These partitions do not end with what the entries follow: they lost something, their memory of the last `seq` included,
 * or hold something that the ledger does not.
 */
export class StreamsLost extends Error {
  readonly code = "streams_lost";
  readonly partitions: readonly PartitionRef[];
  constructor(partitions: readonly PartitionRef[]) {
    super(`these streams do not end where the entries begin: ${partitions.map(nameOf).join(", ")}`);
    this.partitions = partitions;
  }
}

export interface ReadOptions {
  /** Entries at most for each partition. */
  count: number;
  /** Milliseconds to wait for a first entry; then the answer is empty. */
  block_ms: number;
}

/** A blocking reader with a connection of its own: what blocks would delay everything else on it. */
export interface StreamReader {
  /** Entries after each partition's position, in order; partitions without news are left out. */
  read(positions: ReadonlyMap<PartitionName, PartitionPosition>, options: ReadOptions): Promise<StreamEntry[][]>;
  close(): void;
}

export interface PartitionPosition extends PartitionRef {
  /** The last `seq` that is done. */
  position: number;
}

/** Where a reader of a partition stands. */
export interface ReaderPlace {
  name: string;
  /** The last `seq` that is done. */
  position: number;
  /** Events it has not come to. */
  behind: number;
}

/**
 * Named streams of events. Two implementations, Redis Streams and the ledger itself, pass one contract suite.
 *
 * A stream is a cache of the ledger: it may lose entries at any time, and whoever reads it checks `prev`.
 */
export interface EventStreams {
  readonly kind: "redis" | "ledger";
  /**
   * Publishes entries, ascending by `seq` in each partition, each the `prev` of the next. An entry that is not greater than
   * the last one appended is there already and is left alone: publishing again adds nothing. One whose `prev` is not the
   * last one appended is refused with `StreamsLost`, whoever else appends meanwhile: a stream has no holes. Rejects with
   * `StreamsFull` or a lost connection too; what was appended until then stays. One call at a time.
   */
  append(entries: readonly StreamEntry[]): Promise<void>;
  /** The same; a partition that is not there begins with the first entry given, whatever its `prev`. */
  refill(entries: readonly StreamEntry[]): Promise<void>;
  ends(refs: readonly PartitionRef[]): Promise<Map<PartitionName, StreamEnd>>;
  /** Which entries stand after `seq`, in order; `count` at most. */
  after(ref: PartitionRef, seq: number, count: number): Promise<EntryName[]>;
  /** Drops entries below `before_seq`. */
  trim(ref: PartitionRef, before_seq: number): Promise<void>;
  /** Drops the oldest entries until `length` are left. */
  shorten(ref: PartitionRef, length: number): Promise<void>;
  /** Drops the partition whole, its memory of the last `seq` included. */
  remove(ref: PartitionRef): Promise<void>;
  /** Has tools of the streams' own server show where all readers of a partition stand; those not named are forgotten. */
  mirror(ref: PartitionRef, readers: readonly ReaderPlace[]): Promise<void>;
  reader(): StreamReader;
  /** Tells the relay that something was committed. A hint only: it may be lost. */
  wake(): void;
  /** Calls `listener` on each hint until the returned function is called. */
  onWake(listener: () => void): () => void;
  /** Calls `listener` whenever the connection was made anew: what was published may be gone. */
  onReconnect(listener: () => void): () => void;
  /** Resolves when the streams can be used. */
  check(): Promise<void>;
  close(): Promise<void>;
}
