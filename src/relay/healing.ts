import type { Database } from "../platform/database/database.ts";
import type { LedgerReader } from "../platform/events/ledger-reader.ts";
import {
  type EventStreams,
  nameOf,
  type PartitionName,
  type PartitionRef,
  type StreamEnd,
} from "../platform/streams/streams.ts";

const REFILL_PAGE = 1000;

/** A stream held an event that the ledger does not know: it was dropped and is filled again. */
export interface Divergence {
  ref: PartitionRef;
  seq: number;
  event_id: string;
}

export interface HealingParts {
  database: Database;
  ledger: LedgerReader;
  streams: EventStreams;
}

/** Makes the streams agree with the ledger again after either of them lost something. */
export class Healing {
  readonly #parts: HealingParts;

  constructor(parts: HealingParts) {
    this.#parts = parts;
  }

  /**
   * Drops every partition whose newest entry is not in the ledger with the same `event_id`: the ledger was restored to an
   * earlier state, or lost its last commits in a failover. An entry older than what the ledger retains proves nothing.
   */
  async dropDivergent(refs: readonly PartitionRef[]): Promise<Divergence[]> {
    const { ledger, streams } = this.#parts;
    const ends = await streams.ends(refs);
    const newest = refs.flatMap((ref) => {
      const entry = ends.get(nameOf(ref))?.newest;
      return entry ? [{ ref, ...entry }] : [];
    });
    if (newest.length === 0) return [];
    const known = await ledger.eventIds(newest.map(({ seq }) => seq));
    const oldest = await ledger.oldest();
    const { head } = await ledger.room();
    const divergent = newest.filter(({ seq, event_id }) => {
      const there = known.get(seq);
      return there === undefined ? seq >= oldest || seq > head : there !== event_id;
    });
    for (const { ref } of divergent) await streams.remove(ref);
    return divergent;
  }

  /**
   * Refills each partition whose stream ends before `last_seq`, from the slowest engine's position on. Returns how many
   * events were published again for each.
   */
  async refill(
    last: ReadonlyMap<PartitionName, PartitionRef & { last_seq: number }>,
  ): Promise<Map<PartitionName, number>> {
    const refs = [...last.values()];
    const ends = await this.#parts.streams.ends(refs);
    const refilled = new Map<PartitionName, number>();
    for (const ref of refs) {
      const end = ends.get(nameOf(ref));
      if ((end?.last_seq ?? 0) >= ref.last_seq) continue;
      refilled.set(nameOf(ref), await this.#refillOne(ref, ref.last_seq, end));
    }
    return refilled;
  }

  async #refillOne(ref: PartitionRef, last_seq: number, end: StreamEnd | undefined): Promise<number> {
    const { ledger, streams } = this.#parts;
    let after = Math.max(end?.last_seq ?? 0, await this.#slowest(ref, last_seq));
    let count = 0;
    for (;;) {
      const entries = await ledger.partition(ref, after, last_seq, REFILL_PAGE);
      const final = entries.at(-1);
      if (!final) return count;
      await streams.append(entries);
      count += entries.length;
      after = final.seq;
    }
  }

  /** Position of the engine that is furthest behind; just before the newest event when no engine reads the partition. */
  async #slowest(ref: PartitionRef, last_seq: number): Promise<number> {
    const [row] = await this.#parts.database.query<{ position: number | null }>(
      "select min(position) as position from engine_position where stream = $1 and partition = $2",
      [ref.stream, ref.partition],
    );
    return Math.min(row?.position ?? last_seq - 1, last_seq - 1);
  }
}
