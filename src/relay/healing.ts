import {
  type EventStreams,
  nameOf,
  type PartitionName,
  type PartitionRef,
  type StreamEnd,
  type StreamEntry,
} from "../platform/streams/streams.ts";
import type { PartitionEnd, RelayStore } from "./relay-store.ts";

/** A stream held an event that the ledger does not know: it was dropped and is filled again. */
export interface Divergence {
  ref: PartitionRef;
  seq: number;
  event_id: string;
}

export interface HealingParts {
  store: RelayStore;
  streams: EventStreams;
  /** Publishes entries again, making room where there is none. */
  refill(entries: readonly StreamEntry[]): Promise<void>;
  /** Whether this relay still leads: a refill can take longer than a lease. */
  lead(): Promise<boolean>;
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
    const { store, streams } = this.#parts;
    const ends = await streams.ends(refs);
    const newest: Divergence[] = [];
    for (const ref of refs) {
      const end = ends.get(nameOf(ref));
      if (end?.newest) newest.push({ ref, ...end.newest });
      // Without an entry nothing tells whose last id it is, and it might keep events of this ledger out.
      else if (end) await streams.remove(ref);
    }
    if (newest.length === 0) return [];
    const known = await store.eventIds(newest.map(({ seq }) => seq));
    const oldest = await store.oldest();
    const { head } = await store.room();
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
  async refill(last: ReadonlyMap<PartitionName, PartitionEnd>): Promise<Map<PartitionName, number>> {
    const { store, streams } = this.#parts;
    const ends = await streams.ends([...last.values()]);
    const refilled = new Map<PartitionName, number>();
    let slowest: Map<PartitionName, number> | undefined;
    for (const [name, end] of last) {
      if ((ends.get(name)?.last_seq ?? 0) >= end.last_seq) continue;
      slowest ??= await store.slowest();
      refilled.set(name, await this.#refillOne(end, ends.get(name), slowest.get(name)));
    }
    return refilled;
  }

  /** Without an engine that reads the partition, only its newest event: enough to tell where it is. */
  async #refillOne(end: PartitionEnd, found: StreamEnd | undefined, slowest: number | undefined): Promise<number> {
    const { store, refill, lead } = this.#parts;
    let after = Math.max(found?.last_seq ?? 0, Math.min(slowest ?? end.last_seq - 1, end.last_seq - 1));
    let count = 0;
    while (await lead()) {
      const entries = await store.partition(end, after, end.last_seq);
      const final = entries.at(-1);
      if (!final) break;
      await refill(entries);
      count += entries.length;
      after = final.seq;
    }
    return count;
  }
}
