import {
  type EntryName,
  type EventStreams,
  nameOf,
  type PartitionName,
  type PartitionRef,
  type StreamEnd,
  type StreamEntry,
} from "../platform/streams/streams.ts";
import type { PartitionEnd, RelayStore } from "./relay-store.ts";

/** Far more than is published between two notes of the place; where there are more, the partition is filled again. */
const NAMES_AT_MOST = 5000;

/** A stream held an event that the ledger does not know: it was dropped and is filled again. */
export interface Divergence {
  ref: PartitionRef;
  seq: number;
  event_id: string;
}

/** How far the ledger says that it was published. */
export interface LedgerPlace {
  readonly settled_seq: number;
  readonly last: ReadonlyMap<PartitionName, PartitionEnd>;
}

export interface HealingParts {
  store: RelayStore;
  streams: EventStreams;
  /** Publishes entries again, making room where there is none; with `begin` where there may be no stream. */
  refill(entries: readonly StreamEntry[], begin: boolean): Promise<void>;
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
   * Drops every partition that holds an event which is not in the ledger with the same `event_id`: the ledger was restored
   * to an earlier state, or lost its last commits in a failover. Looked at is what stands after `settled_seq`, as the
   * ledger has it: what was settled when that was written was final. The newest entry alone would not do: a transaction
   * that was open at the moment of the restore may have had a smaller `seq` than one that had committed. Of what is
   * settled the newest entry does: nothing else was ever published as the partition's last.
   */
  async dropDivergent(refs: readonly PartitionRef[], { settled_seq, last }: LedgerPlace): Promise<Divergence[]> {
    const { store, streams } = this.#parts;
    const ends = await streams.ends(refs);
    const divergent: Divergence[] = [];
    for (const ref of refs) {
      const end = ends.get(nameOf(ref));
      if (!end) continue;
      const names =
        end.newest && end.newest.seq > settled_seq ? await streams.after(ref, settled_seq, NAMES_AT_MOST) : [];
      const known = names.length > 0 ? await store.eventIds(names.map(({ seq }) => seq)) : new Map<number, string>();
      const published = last.get(nameOf(ref))?.last_seq ?? 0;
      const ghost =
        names.find(({ seq, event_id }) => known.get(seq) !== event_id) ??
        (published < end.last_seq && end.last_seq <= settled_seq ? nameOfLast(end) : undefined);
      if (ghost) divergent.push({ ref, ...ghost });
      // Too many to be compared; or nothing tells whose last id it is, which might keep events of this ledger out.
      const unknown = end.last_seq > settled_seq && end.newest?.seq !== end.last_seq;
      if (ghost || unknown || names.length === NAMES_AT_MOST) await streams.remove(ref);
    }
    return divergent;
  }

  /** Whether a stream ends before its `last_seq`. */
  async someLost(last: ReadonlyMap<PartitionName, PartitionEnd>): Promise<boolean> {
    const ends = await this.#parts.streams.ends([...last.values()]);
    return [...last].some(([name, { last_seq }]) => (ends.get(name)?.last_seq ?? 0) < last_seq);
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

  /**
   * Without an engine that reads the partition, only its newest event: enough to tell where it is. What every engine has
   * is not filled in again: a stream that ends before begins anew.
   */
  async #refillOne(end: PartitionEnd, found: StreamEnd | undefined, slowest: number | undefined): Promise<number> {
    const { store, streams, refill, lead } = this.#parts;
    const from = Math.min(slowest ?? end.last_seq - 1, end.last_seq - 1);
    const goes_on = found !== undefined && found.last_seq >= from;
    if (found && !goes_on) await streams.remove(end);
    let after = goes_on ? found.last_seq : from;
    let count = 0;
    while (await lead()) {
      const entries = await store.partition(end, after, end.last_seq);
      const final = entries.at(-1);
      if (!final) break;
      // Only where a new stream begins: what goes on must not hide that its beginning is lost meanwhile.
      await refill(entries, !goes_on && count === 0);
      count += entries.length;
      after = final.seq;
    }
    return count;
  }
}

function nameOfLast({ last_seq, newest }: StreamEnd): EntryName {
  return newest?.seq === last_seq ? newest : { seq: last_seq, event_id: "" };
}
