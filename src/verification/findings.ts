import type { Transaction } from "../platform/database/database.ts";
import type { PartitionRef } from "../platform/streams/streams.ts";

/** Where two records of the same thing differ: the first event of a partition that shows it. */
export interface Disagreement extends PartitionRef {
  seq: number;
  /** Null where the ledger does not hold the event. */
  event_id: string | null;
  /** What is wrong, as a part of a sentence after "event <seq>". */
  reason: string;
}

/** What a comparison found. */
export interface Findings {
  /** Events, entries or positions that were looked at. */
  compared: number;
  disagreements: Disagreement[];
}

/** Runs one read after the other, each in a transaction of its own, as the owner. */
export type Read = <T>(work: (tx: Transaction) => Promise<T>) => Promise<T>;
