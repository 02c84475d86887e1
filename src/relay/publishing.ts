import {
  type EventStreams,
  nameOf,
  type PartitionName,
  type StoredEvent,
  type StreamEntry,
  StreamsFull,
} from "../platform/streams/streams.ts";
import type { PartitionEnd, RelayStore } from "./relay-store.ts";
import type { Trimming } from "./trimming.ts";

/** After this many halvings hardly anything is left of any stream. */
const ROOM_ATTEMPTS = 20;

/** Turns events of the ledger into entries and appends them, making room where there is none. */
export class Publishing {
  readonly #store: RelayStore;
  readonly #streams: EventStreams;
  readonly #trimming: Trimming;

  constructor(store: RelayStore, streams: EventStreams, trimming: Trimming) {
    this.#store = store;
    this.#streams = streams;
    this.#trimming = trimming;
  }

  /**
   * Publishes settled events, all of them after `last`; returns where each of their partitions ends now. `verify` is
   * called right before they are sent and throws when they must not be.
   */
  async publish(
    events: readonly StoredEvent[],
    last: ReadonlyMap<PartitionName, PartitionEnd>,
    verify: () => Promise<void>,
  ): Promise<PartitionEnd[]> {
    const entries: StreamEntry[] = [];
    const ends = new Map<PartitionName, PartitionEnd>();
    for (const event of events) {
      const name = nameOf(event);
      const known = ends.get(name) ?? last.get(name);
      const prev = known ? known.last_seq : await this.#store.before(event, event.seq);
      entries.push(Object.assign(event, { prev }));
      const end = ends.get(name);
      if (end) end.last_seq = event.seq;
      else ends.set(name, { stream: event.stream, partition: event.partition, last_seq: event.seq });
    }
    await verify();
    await this.#withRoom(() => this.#streams.append(entries));
    this.#trimming.appended(entries);
    return [...ends.values()];
  }

  /** Publishes entries again that a stream has lost. */
  async refill(entries: readonly StreamEntry[]): Promise<void> {
    await this.#withRoom(() => this.#streams.refill(entries));
    this.#trimming.appended(entries);
    // A refill may be longer than the streams may be.
    if (this.#trimming.due) await this.#trimming.trim(await this.#store.partitions());
  }

  async #withRoom(append: () => Promise<void>): Promise<void> {
    for (let attempt = 0; ; attempt++) {
      try {
        await append();
        return;
      } catch (error) {
        if (!(error instanceof StreamsFull) || attempt > ROOM_ATTEMPTS) throw error;
        if (!(await this.#trimming.makeRoom(await this.#store.partitions(), attempt))) throw error;
      }
    }
  }
}
