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

export interface PublishingParts {
  store: RelayStore;
  streams: EventStreams;
  trimming: Trimming;
  /** Throws when what was read at `asked_at` (or, without it, whenever) may be of a ledger that is gone. */
  verify(asked_at?: number): Promise<void>;
}

/** Turns events of the ledger into entries and appends them, making room where there is none. */
export class Publishing {
  readonly #parts: PublishingParts;

  constructor(parts: PublishingParts) {
    this.#parts = parts;
  }

  /** Publishes settled events, all of them after `last`; returns where each of their partitions ends now. */
  async publish(
    events: readonly StoredEvent[],
    last: ReadonlyMap<PartitionName, PartitionEnd>,
    asked_at: number,
  ): Promise<PartitionEnd[]> {
    const { store, streams, trimming, verify } = this.#parts;
    const entries: StreamEntry[] = [];
    const ends = new Map<PartitionName, PartitionEnd>();
    for (const event of events) {
      const name = nameOf(event);
      const known = ends.get(name) ?? last.get(name);
      const prev = known ? known.last_seq : await store.before(event, event.seq);
      entries.push(Object.assign(event, { prev }));
      const end = ends.get(name);
      if (end) end.last_seq = event.seq;
      else ends.set(name, { stream: event.stream, partition: event.partition, last_seq: event.seq });
    }
    await this.#withRoom(async () => {
      await verify(asked_at);
      await streams.append(entries);
    });
    trimming.appended(entries);
    return [...ends.values()];
  }

  /** Publishes entries again that a stream has lost; with `begin` it may be gone altogether. */
  async refill(entries: readonly StreamEntry[], begin: boolean): Promise<void> {
    const { store, streams, trimming, verify } = this.#parts;
    await this.#withRoom(async () => {
      await verify();
      await (begin ? streams.refill(entries) : streams.append(entries));
    });
    trimming.appended(entries);
    // A refill may be longer than the streams may be.
    if (trimming.due) await trimming.trim(await store.partitions());
  }

  /** Making room takes time, so `append` looks again each time whether it may. */
  async #withRoom(append: () => Promise<void>): Promise<void> {
    for (let attempt = 0; ; attempt++) {
      try {
        await append();
        return;
      } catch (error) {
        if (!(error instanceof StreamsFull) || attempt > ROOM_ATTEMPTS) throw error;
        const { store, trimming } = this.#parts;
        if (!(await trimming.makeRoom(await store.partitions(), attempt))) throw error;
      }
    }
  }
}
