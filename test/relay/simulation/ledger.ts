import {
  nameOf,
  type PartitionName,
  type PartitionRef,
  type StoredEvent,
  type StreamEntry,
} from "../../../src/platform/streams/streams.ts";
import type { PartitionEnd } from "../../../src/relay/relay-store.ts";

interface OpenTransaction {
  writer: string;
  events: StoredEvent[];
}

interface State {
  next_seq: number;
  committed: StoredEvent[];
  settled_seq: number;
  ends: Map<string, PartitionEnd>;
  /** Position of the slowest engine in each partition. */
  positions: Map<PartitionName, number>;
}

export const PARTITIONS: readonly PartitionRef[] = [0, 1, 2].map((partition) => ({ stream: "shop", partition }));

/** PostgreSQL as far as the relay can tell: seqs at the insert, visibility at the commit, locks until the end. */
export class SimulatedLedger {
  state: State = { next_seq: 1, committed: [], settled_seq: 0, ends: new Map(), positions: new Map() };
  incarnation = "1";
  lease: { owner: string; until: number } | undefined;
  readonly open: OpenTransaction[] = [];
  /** How far engines ever were in each partition, also in a ledger that is gone. */
  readonly consumed = new Map<PartitionName, number>();
  #backup: State | undefined;
  #transactions = 0;
  #events = 0;

  begin(): void {
    this.open.push({ writer: `3/${++this.#transactions}`, events: [] });
  }

  insert(transaction: OpenTransaction, partition: number): void {
    const id = ++this.#events;
    transaction.events.push({
      seq: this.state.next_seq++,
      event_id: `event ${id}`,
      tenant_id: "tenant",
      stream: "shop",
      partition,
      event_type: "happened",
      version: 1,
      key: "key",
      payload: "{}",
      occurred_at: "2026-01-31T12:00:00.000000Z",
      trace: null,
      causation_id: null,
      hops: 0,
    });
  }

  end(transaction: OpenTransaction, commit: boolean): void {
    this.open.splice(this.open.indexOf(transaction), 1);
    if (commit) this.state.committed = [...this.state.committed, ...transaction.events].sort((a, b) => a.seq - b.seq);
  }

  /** As a base backup: what is committed now. */
  backUp(): void {
    this.#backup = copyOf(this.state);
  }

  /** Another server from the last backup: open transactions are gone, and seqs are handed out again. */
  restore(): void {
    if (!this.#backup) return;
    this.state = copyOf(this.#backup);
    this.open.length = 0;
    this.incarnation = `${Number(this.incarnation) + 1}`;
  }

  /** Engines have handled the partition up to `seq`. */
  consume(ref: PartitionRef, seq: number): void {
    const name = nameOf(ref);
    this.state.positions.set(name, Math.max(seq, this.state.positions.get(name) ?? 0));
    this.consumed.set(name, Math.max(seq, this.consumed.get(name) ?? 0));
  }

  visible(): readonly StoredEvent[] {
    return this.state.committed;
  }

  of(ref: PartitionRef): StoredEvent[] {
    return this.state.committed.filter((event) => nameOf(event) === nameOf(ref));
  }

  before(ref: PartitionRef, seq: number): number {
    return this.of(ref).findLast((event) => event.seq < seq)?.seq ?? 0;
  }

  /** What the stream of `ref` must hold. */
  entries(ref: PartitionRef): StreamEntry[] {
    let prev = 0;
    return this.of(ref).map((event) => {
      const entry = { ...event, prev };
      prev = event.seq;
      return entry;
    });
  }
}

function copyOf(state: State): State {
  const ends = new Map([...state.ends].map(([name, end]) => [name, { ...end }]));
  return { ...state, ends, positions: new Map(state.positions) };
}
