import type { LedgerPage, LedgerRoom } from "../../../src/platform/events/ledger-reader.ts";
import {
  nameOf,
  type PartitionName,
  type PartitionRef,
  type StreamEntry,
} from "../../../src/platform/streams/streams.ts";
import type { RelayStore, StoredProgress } from "../../../src/relay/relay-store.ts";
import { PARTITIONS, type SimulatedLedger } from "./ledger.ts";
import type { SimulatedProcess, World } from "./world.ts";

const LEASE_MS = 500;

/** The relay's statements against the simulated ledger; each is done at one moment between its question and its answer. */
export class SimulatedStore implements RelayStore {
  protected readonly world: World;
  protected readonly ledger: SimulatedLedger;
  protected readonly process: SimulatedProcess;

  constructor(world: World, ledger: SimulatedLedger, process: SimulatedProcess) {
    this.world = world;
    this.ledger = ledger;
    this.process = process;
  }

  get losses(): number {
    return this.process.losses;
  }

  async page(seq: number, limit: number): Promise<LedgerPage> {
    return await this.ask(() => {
      const events = this.ledger.visible().filter((event) => event.seq > seq);
      return {
        events: events.slice(0, limit).map((event) => ({ ...event })),
        more: events.length >= limit,
        incarnation: events.length > 0 ? this.ledger.incarnation : undefined,
      };
    });
  }

  async partition(ref: PartitionRef, after: number, upto: number): Promise<StreamEntry[]> {
    return await this.ask(() =>
      this.ledger
        .entries(ref)
        .filter(({ seq }) => seq > after && seq <= upto)
        .slice(0, 2),
    );
  }

  async before(ref: PartitionRef, seq: number): Promise<number> {
    return await this.ask(() => this.ledger.before(ref, seq));
  }

  async eventIds(seqs: readonly number[]): Promise<Map<number, string>> {
    return await this.ask(
      () =>
        new Map(
          this.ledger
            .visible()
            .filter(({ seq }) => seqs.includes(seq))
            .map(({ seq, event_id }) => [seq, event_id]),
        ),
    );
  }

  async room(): Promise<LedgerRoom & { incarnation: string }> {
    const { ledger } = this;
    return await this.ask(() => ({
      head: ledger.state.next_seq - 1,
      room: 1e6,
      range_size: 10,
      incarnation: ledger.incarnation,
    }));
  }

  async extend(): Promise<void> {}

  async partitions(): Promise<PartitionRef[]> {
    return [...PARTITIONS];
  }

  async writers(): Promise<Set<string>> {
    return await this.ask(() => new Set(this.ledger.open.map(({ writer }) => writer)));
  }

  async slowest(): Promise<Map<PartitionName, number>> {
    return await this.ask(() => {
      const { positions } = this.ledger.state;
      return new Map(PARTITIONS.map((ref) => [nameOf(ref), positions.get(nameOf(ref)) ?? 0]));
    });
  }

  async load(): Promise<StoredProgress> {
    return await this.ask(() => {
      const { settled_seq, ends } = this.ledger.state;
      return {
        incarnation: this.ledger.incarnation,
        settled_seq,
        ends: [...ends.values()].map((end) => ({ ...end })),
      };
    });
  }

  async save({ incarnation, settled_seq, ends }: StoredProgress): Promise<boolean> {
    const kept = ends.map((end) => ({ ...end }));
    return await this.ask(() => {
      if (incarnation !== this.ledger.incarnation) return false;
      const { state } = this.ledger;
      state.settled_seq = Math.max(state.settled_seq, settled_seq);
      for (const end of kept) {
        const last_seq = Math.max(end.last_seq, state.ends.get(nameOf(end))?.last_seq ?? 0);
        state.ends.set(nameOf(end), { ...end, last_seq });
      }
      return true;
    });
  }

  async lead(): Promise<boolean> {
    return await this.ask(() => {
      const { lease } = this.ledger;
      if (lease && lease.owner !== this.process.name && lease.until > this.world.now) return false;
      this.ledger.lease = { owner: this.process.name, until: this.world.now + LEASE_MS };
      return true;
    });
  }

  async resign(): Promise<void> {
    await this.ask(() => {
      if (this.ledger.lease?.owner === this.process.name) this.ledger.lease = undefined;
    });
  }

  protected async ask<T>(run: () => T): Promise<T> {
    return await this.world.request(this.process, run);
  }
}
