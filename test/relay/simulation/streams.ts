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
} from "../../../src/platform/streams/streams.ts";
import type { SimulatedProcess, World } from "./world.ts";

export interface Stream {
  last_seq: number;
  entries: StreamEntry[];
}

/** Redis as far as the relay can tell. */
export class SimulatedRedis {
  streams = new Map<PartitionName, Stream>();
  /** Another number = another server process: connections to the old one are broken. */
  epoch = 1;
  /** How many commands from now on are done before one is refused for want of memory, or the connection breaks. */
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
    await this.send(entries, false);
  }

  async refill(entries: readonly StreamEntry[]): Promise<void> {
    await this.send(entries, true);
  }

  /** A command for each entry, one after the other over one connection; others' commands come between them. */
  protected async send(entries: readonly StreamEntry[], make: boolean): Promise<void> {
    const lane = {};
    const copies = entries.map((entry) => ({ ...entry }));
    const begun = new Set<PartitionName>();
    const settled = await Promise.allSettled(
      copies.map((entry) => {
        const begins = make && !begun.has(nameOf(entry));
        begun.add(nameOf(entry));
        return this.ask(() => this.put(entry, begins), lane);
      }),
    );
    const answers = settled.map((one) => (one.status === "fulfilled" ? one.value : undefined));
    if (answers.includes("full")) throw new StreamsFull("full");
    const lost = copies.filter((_, i) => answers[i] === "lost");
    if (lost.length > 0) throw new StreamsLost(lost);
    const failed = settled.find((one) => one.status === "rejected");
    if (failed) throw failed.reason;
  }

  /** What Redis does with an entry. */
  protected put(entry: StreamEntry, begins: boolean): "done" | "lost" | "full" {
    const { fault, streams } = this.redis;
    if (fault && fault.after-- === 0) {
      this.redis.fault = undefined;
      if (fault.kind === "full") return "full";
      this.redis.epoch++;
      throw new Cut("cut");
    }
    const stream = streams.get(nameOf(entry)) ?? { last_seq: 0, entries: [] };
    if (this.isThere(entry, stream)) return "done";
    if (!(stream.last_seq === 0 && begins) && !this.follows(entry, stream)) return "lost";
    streams.set(nameOf(entry), { last_seq: entry.seq, entries: [...stream.entries, entry] });
    return "done";
  }

  protected isThere(entry: StreamEntry, { last_seq }: Stream): boolean {
    return entry.seq <= last_seq;
  }

  protected follows(entry: StreamEntry, { last_seq }: Stream): boolean {
    return entry.prev === last_seq;
  }

  async ends(refs: readonly PartitionRef[]): Promise<Map<PartitionName, StreamEnd>> {
    return await this.ask(() => {
      const ends = new Map<PartitionName, StreamEnd>();
      for (const ref of refs) {
        const stream = this.redis.streams.get(nameOf(ref));
        if (!stream) continue;
        const { last_seq, entries } = stream;
        const [newest] = entries.slice(-1).map(({ seq, event_id }) => ({ seq, event_id }));
        ends.set(nameOf(ref), { last_seq, newest, length: entries.length, bytes: entries.length });
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

  async mirror(): Promise<void> {
    throw new Error("positions are mirrored beside the copying");
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

  protected async ask<T>(run: () => T, lane?: object): Promise<T> {
    const epoch = this.#epoch;
    return await this.world.request(
      this.#process,
      () => {
        if (epoch === this.redis.epoch) return run();
        if (this.#epoch !== this.redis.epoch) {
          this.#epoch = this.redis.epoch;
          for (const listener of this.#reconnected) listener();
        }
        throw new Cut("the connection was broken");
      },
      lane,
    );
  }
}

function copyOf(streams: ReadonlyMap<PartitionName, Stream>): Map<PartitionName, Stream> {
  return new Map([...streams].map(([name, { last_seq, entries }]) => [name, { last_seq, entries: [...entries] }]));
}
