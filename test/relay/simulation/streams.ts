import {
  type EntryName,
  type EventStreams,
  nameOf,
  type PartitionName,
  type PartitionRef,
  type StreamEnd,
  type StreamEntry,
  type StreamReader,
  StreamsFull,
  StreamsLost,
  StreamsTorn,
} from "../../../src/platform/streams/streams.ts";
import type { SimulatedProcess, World } from "./world.ts";

interface Stream {
  last_seq: number;
  entries: StreamEntry[];
}

/** Redis as far as the relay can tell. */
export class SimulatedRedis {
  streams = new Map<PartitionName, Stream>();
  /** Another number = another server process: connections to the old one are broken. */
  epoch = 1;
  /** How many entries from now on are taken before one is refused for want of memory, or the connection breaks. */
  fault: { after: number; kind: "full" | "cut" } | undefined;
  #file = new Map<PartitionName, Stream>();

  /** What the append-only file holds from now on. */
  sync(): void {
    this.#file = copyOf(this.streams);
  }

  /** Starts again from its file: what came since is lost. */
  restart(): void {
    this.streams = copyOf(this.#file);
    this.epoch++;
  }

  flush(): void {
    this.streams.clear();
  }
}

class Cut extends Error {
  readonly code = "CONNECTION_CLOSED";
}

/** One process's view of the simulated Redis. */
export class SimulatedStreams implements EventStreams {
  readonly kind = "redis";
  protected readonly world: World;
  protected readonly redis: SimulatedRedis;
  readonly #process: SimulatedProcess;
  readonly #reconnected = new Set<() => void>();
  #epoch: number;

  constructor(world: World, redis: SimulatedRedis, process: SimulatedProcess) {
    this.world = world;
    this.redis = redis;
    this.#process = process;
    this.#epoch = redis.epoch;
  }

  async append(entries: readonly StreamEntry[]): Promise<void> {
    const copy = entries.map((entry) => ({ ...entry }));
    await this.ask(() => this.add(copy, false));
  }

  async refill(entries: readonly StreamEntry[]): Promise<void> {
    const copy = entries.map((entry) => ({ ...entry }));
    await this.ask(() => this.add(copy, true));
  }

  protected add(entries: readonly StreamEntry[], make: boolean): void {
    const lost = new Map<PartitionName, PartitionRef>();
    const refused = new Set<PartitionName>();
    const torn = new Map<PartitionName, PartitionRef>();
    for (const entry of entries) {
      const name = nameOf(entry);
      const { fault } = this.redis;
      if (fault && fault.after-- === 0) {
        this.redis.fault = undefined;
        if (fault.kind === "cut") {
          this.redis.epoch++;
          throw new Cut("cut");
        }
        refused.add(name);
      } else if (!this.redis.streams.has(name) && !make && entry.prev > 0) lost.set(name, entry);
      else if (this.take(entry) && refused.has(name)) torn.set(name, entry);
    }
    if (torn.size > 0) throw new StreamsTorn([...torn.values()], "full");
    if (lost.size > 0) throw new StreamsLost([...lost.values()]);
    if (refused.size > 0) throw new StreamsFull("full");
  }

  /** False when the entry is not greater than the last one. */
  protected take(entry: StreamEntry): boolean {
    const stream = this.redis.streams.get(nameOf(entry)) ?? { last_seq: 0, entries: [] };
    this.redis.streams.set(nameOf(entry), stream);
    if (entry.seq <= stream.last_seq) return false;
    stream.last_seq = entry.seq;
    stream.entries.push(entry);
    return true;
  }

  async ends(refs: readonly PartitionRef[]): Promise<Map<PartitionName, StreamEnd>> {
    return await this.ask(() => {
      const ends = new Map<PartitionName, StreamEnd>();
      for (const ref of refs) {
        const stream = this.redis.streams.get(nameOf(ref));
        if (!stream) continue;
        const { last_seq, entries } = stream;
        ends.set(nameOf(ref), { last_seq, newest: entries.at(-1), length: entries.length, bytes: entries.length });
      }
      return ends;
    });
  }

  async after(ref: PartitionRef, seq: number, count: number): Promise<EntryName[]> {
    return await this.ask(() =>
      (this.redis.streams.get(nameOf(ref))?.entries ?? [])
        .filter((entry) => entry.seq > seq)
        .slice(0, count)
        .map(({ seq, event_id }) => ({ seq, event_id })),
    );
  }

  async trim(ref: PartitionRef, before_seq: number): Promise<void> {
    await this.ask(() => {
      const stream = this.redis.streams.get(nameOf(ref));
      if (stream) stream.entries = stream.entries.filter(({ seq }) => seq >= before_seq);
    });
  }

  /** Full for a moment only: nothing needs to be dropped. */
  async shorten(): Promise<void> {}

  async remove(ref: PartitionRef): Promise<void> {
    await this.ask(() => this.redis.streams.delete(nameOf(ref)));
  }

  reader(): StreamReader {
    throw new Error("the relay reads no stream");
  }

  wake(): void {}

  onWake(): () => void {
    return () => undefined;
  }

  onReconnect(listener: () => void): () => void {
    this.#reconnected.add(listener);
    return () => this.#reconnected.delete(listener);
  }

  async check(): Promise<void> {}
  async close(): Promise<void> {}

  protected async ask<T>(run: () => T): Promise<T> {
    return await this.world.request(this.#process, () => {
      if (this.#epoch === this.redis.epoch) return run();
      this.#epoch = this.redis.epoch;
      for (const listener of this.#reconnected) listener();
      throw new Cut("the connection was broken");
    });
  }
}

function copyOf(streams: ReadonlyMap<PartitionName, Stream>): Map<PartitionName, Stream> {
  return new Map([...streams].map(([name, { last_seq, entries }]) => [name, { last_seq, entries: [...entries] }]));
}
