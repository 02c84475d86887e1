import type { LedgerPage, LedgerRoom } from "../platform/events/ledger-reader.ts";
import type { PartitionName, PartitionRef, StreamEntry } from "../platform/streams/streams.ts";

/** Newest published event of a partition. */
export interface PartitionEnd extends PartitionRef {
  last_seq: number;
}

/** The relay's place as Postgres keeps it. */
export interface StoredProgress {
  /** Which ledger it belongs to. */
  incarnation: string;
  /** Everything up to this `seq` is published, in every partition. */
  settled_seq: number;
  ends: PartitionEnd[];
}

/** What the relay needs of Postgres. Tests run it against one that loses, stalls and goes back in time on purpose. */
export interface RelayStore {
  /** Grows when a connection is lost: what was read before may be of another ledger. */
  readonly losses: number;
  /** Visible events after `seq`, in order. */
  page(seq: number, limit: number): Promise<LedgerPage>;
  /** Entries of one partition in (after, upto], in order; a page of them. */
  partition(ref: PartitionRef, after: number, upto: number): Promise<StreamEntry[]>;
  /** Greatest `seq` of the partition below `seq`; 0 when there is none. */
  before(ref: PartitionRef, seq: number): Promise<number>;
  /** `event_id` of each of `seqs` that the ledger holds. */
  eventIds(seqs: readonly number[]): Promise<Map<number, string>>;
  /** Newest `seq` handed out, how much room is left in the made ranges, and which ledger says so. */
  room(): Promise<LedgerRoom & { incarnation: string }>;
  /** Makes the next ranges of the ledger. */
  extend(): Promise<void>;
  /** All partitions of all streams. */
  partitions(): Promise<PartitionRef[]>;
  /** Transactions that may have taken a `seq` which nobody sees yet. */
  writers(): Promise<Set<string>>;
  /** Position of the slowest live engine, of each partition that one reads. */
  slowest(): Promise<Map<PartitionName, number>>;
  load(): Promise<StoredProgress>;
  /** Moves the stored place forward; false, and nothing is done, when the ledger is not `progress.incarnation` any more. */
  save(progress: StoredProgress): Promise<boolean>;
  /** Takes or keeps the relay's lease; false while another one holds it. */
  lead(): Promise<boolean>;
  resign(): Promise<void>;
}
