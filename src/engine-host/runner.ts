import type { Database } from "../platform/database/database.ts";
import type { LedgerReader } from "../platform/events/ledger-reader.ts";
import type { Log } from "../platform/observability/log.ts";
import {
  type EventStreams,
  nameOf,
  type PartitionName,
  type PartitionPosition,
  type PartitionRef,
  type StreamEntry,
  type StreamReader,
} from "../platform/streams/streams.ts";
import type { Batches } from "./batches.ts";
import type { EngineManifest } from "./manifest.ts";
import type { EnginePositions } from "./positions.ts";

export interface RunnerParts {
  database: Database;
  ledger: LedgerReader;
  streams: EventStreams;
  manifest: EngineManifest;
  positions: EnginePositions;
  batches: Batches;
  log: Log;
}

export interface RunnerStats {
  /** Events handled or passed over since the start. */
  events: number;
  batches: number;
  /** Batches that were rolled back. */
  failures: number;
  /** Why the last batch failed; null while all is well. */
  failing: string | null;
  backfilled: number;
}

/** Longest blocking read; then the ledger is asked whether the stream kept something back. */
const BLOCK_MS = 1000;
const MAX_PAUSE_MS = 5000;

/** Reads an engine's partitions from its positions and applies what it finds, for ever. */
export class Runner {
  readonly stats: RunnerStats = { events: 0, batches: 0, failures: 0, failing: null, backfilled: 0 };
  readonly #parts: RunnerParts;
  readonly #stopping = new AbortController();
  #positions = new Map<PartitionName, PartitionPosition>();
  #losses = -1;
  #running: Promise<void> = Promise.resolve();
  #wakeUp: (() => void) | undefined;

  constructor(parts: RunnerParts) {
    this.#parts = parts;
  }

  start(): void {
    this.#running = this.#run();
  }

  /** Lets the batch in hand finish. May be called more than once. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    this.#wakeUp?.();
    await this.#running;
  }

  async #run(): Promise<void> {
    const reader = this.#parts.streams.reader();
    this.#stopping.signal.addEventListener("abort", () => reader.close(), { once: true });
    let pause = 0;
    while (!this.#stopping.signal.aborted) {
      try {
        if (pause > 0) await this.#pause(pause);
        this.#positions = await this.#parts.positions.load();
        await this.#catchUp();
        await this.#follow(reader, () => {
          pause = 0;
        });
      } catch (error) {
        if (this.#stopping.signal.aborted) return;
        pause = Math.min(Math.max(50, pause * 2), MAX_PAUSE_MS);
        this.stats.failures++;
        this.stats.failing = error instanceof Error ? error.message : String(error);
        this.#parts.log.warn({ err: error, pause_ms: pause }, "batch failed, trying again after a pause");
      }
    }
  }

  async #follow(reader: StreamReader, progressed: () => void): Promise<void> {
    const { manifest, database } = this.#parts;
    const options = { count: manifest.batch_size, block_ms: BLOCK_MS };
    while (!this.#stopping.signal.aborted) {
      const read = await reader.read(this.#positions, options);
      if (this.#stopping.signal.aborted) return;
      if (read.length === 0) {
        await this.#catchUp();
      } else {
        if (database.losses !== this.#losses) await this.#refuseGhosts(read);
        for (const entries of read) await this.#fillHole(entries);
        await this.#apply(read);
      }
      this.stats.failing = null;
      progressed();
    }
  }

  /** Reads from the ledger what the relay has published and the streams did not bring. */
  async #catchUp(): Promise<void> {
    for (const { upto, ...ref } of await this.#parts.positions.behind(this.#positions)) {
      await this.#backfill(ref, upto);
    }
  }

  /** An entry that follows something this engine has not seen: the stream was trimmed or lost it. */
  async #fillHole(entries: readonly StreamEntry[]): Promise<void> {
    const [first] = entries;
    if (!first) return;
    const position = this.#positions.get(nameOf(first))?.position ?? 0;
    if (first.prev > position) await this.#backfill(first, first.prev);
  }

  /** Applies (position, upto] of a partition from the ledger, page by page. */
  async #backfill(ref: PartitionRef, upto: number): Promise<void> {
    const { ledger, manifest, log } = this.#parts;
    const name = nameOf(ref);
    for (;;) {
      const position = this.#positions.get(name)?.position ?? 0;
      if (position >= upto || this.#stopping.signal.aborted) return;
      const entries = await ledger.partition(ref, position, upto, manifest.batch_size);
      if (entries.length === 0) {
        log.error(
          { partition: name, after: position, upto },
          "the ledger no longer holds these events; going on without them",
        );
        await this.#apply([], new Map([[name, { stream: ref.stream, partition: ref.partition, position: upto }]]));
        return;
      }
      this.stats.backfilled += entries.length;
      await this.#apply([entries]);
    }
  }

  /**
   * After a connection to Postgres was lost the ledger may be another one (a restored backup, a failover): a stream that
   * is ahead of it holds events that never were. Nothing read before this check is applied.
   */
  async #refuseGhosts(read: readonly (readonly StreamEntry[])[]): Promise<void> {
    const losses = this.#parts.database.losses;
    const entries = read.flat();
    const known = await this.#parts.ledger.eventIds(entries.map(({ seq }) => seq));
    const ghost = entries.find(({ seq, event_id }) => known.get(seq) !== event_id);
    if (ghost)
      throw new Error(
        `stream entry ${ghost.seq}-0 is not in the ledger; waiting for the relay to fill the stream again`,
      );
    this.#losses = losses;
  }

  async #apply(read: readonly (readonly StreamEntry[])[], upto?: Map<PartitionName, PartitionPosition>): Promise<void> {
    const fresh = read
      .map((entries) => entries.filter((entry) => entry.seq > (this.#positions.get(nameOf(entry))?.position ?? 0)))
      .filter((entries) => entries.length > 0);
    if (fresh.length === 0 && !upto) return;
    const { events, positions } = await this.#parts.batches.apply(fresh, this.#stopping.signal, upto);
    for (const position of positions) this.#positions.set(nameOf(position), position);
    this.stats.events += events;
    this.stats.batches++;
  }

  async #pause(milliseconds: number): Promise<void> {
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, milliseconds);
      this.#wakeUp = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }
}
