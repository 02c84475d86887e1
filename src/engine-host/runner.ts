import type { Database } from "../platform/database/database.ts";
import type { LedgerReader } from "../platform/events/ledger-reader.ts";
import type { Log } from "../platform/observability/log.ts";
import { Pulse } from "../platform/pulse.ts";
import {
  type EventStreams,
  nameOf,
  type PartitionName,
  type PartitionPosition,
  type PartitionRef,
  type StreamEntry,
} from "../platform/streams/streams.ts";
import { BatchSize } from "./batch-size.ts";
import { type Batches, NotOwner } from "./batches.ts";
import { Caution } from "./caution.ts";
import type { Isolation } from "./isolation.ts";
import type { PartitionLeases } from "./leases.ts";
import type { EngineManifest } from "./manifest.ts";
import type { Pace } from "./pace.ts";
import type { EnginePositions } from "./positions.ts";
import { ReadAhead } from "./read-ahead.ts";
import type { Retries } from "./retries.ts";

export interface RunnerParts {
  database: Database;
  ledger: LedgerReader;
  streams: EventStreams;
  manifest: EngineManifest;
  positions: EnginePositions;
  leases: PartitionLeases;
  batches: Batches;
  isolation: Isolation;
  retries: Retries;
  /** Runs the engine's own reset where a replay waits for it. */
  reset(): Promise<void>;
  pace: Pace;
  log: Log;
}

export interface RunnerStats {
  /** Events handled or passed over since the start. */
  events: number;
  batches: number;
  /** Time spent on batches, those that failed included. */
  busy_seconds: number;
  /** Batches that were rolled back and are tried again as a whole. */
  failures: number;
  /** Why the last batch failed; null while all is well. */
  failing: string | null;
  parked: number;
  backfilled: number;
  /** Partitions that belong to this instance. */
  partitions: number;
  /** Bytes on the heap of the thread it runs in. */
  heap_bytes: number;
}

/** A partition, and up to where the ledger has what the streams did not bring. */
type Behind = PartitionRef & { upto: number };

const MAX_PAUSE_MS = 5000;
/** How long streams are waited for that do not bring what was published. */
const ASK_AGAIN_MS = 100;

/** Reads the partitions that belong to this instance from their positions and applies what it finds, for ever. */
export class Runner {
  readonly stats: RunnerStats = {
    events: 0,
    batches: 0,
    busy_seconds: 0,
    failures: 0,
    failing: null,
    parked: 0,
    backfilled: 0,
    partitions: 0,
    heap_bytes: 0,
  };
  readonly #parts: RunnerParts;
  readonly #caution: Caution;
  readonly #size: BatchSize;
  readonly #stopping = new AbortController();
  readonly #pulse = new Pulse();
  #positions = new Map<PartitionName, PartitionPosition>();
  #verified_losses = -1;
  #balanced_at = Number.NEGATIVE_INFINITY;
  #renewing: Promise<void> | undefined;
  #hurry = false;
  #retried_at = Number.NEGATIVE_INFINITY;
  #running: Promise<void> = Promise.resolve();

  constructor(parts: RunnerParts) {
    this.#parts = parts;
    this.#caution = new Caution(parts);
    this.#size = new BatchSize(parts.manifest.batch_size);
  }

  start(): void {
    this.#running = this.#run();
  }

  /** Looks for its share of the partitions now: another instance has just given some up. */
  rebalance(): void {
    this.#hurry = true;
    this.#pulse.beat();
  }

  /** Lets the batch in hand finish. May be called more than once. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    this.#pulse.beat();
    await this.#running;
  }

  async #run(): Promise<void> {
    const { streams, leases, pace, log } = this.#parts;
    const reader = new ReadAhead(streams.reader());
    const renewals = setInterval(() => this.#renew(), pace.balance_ms);
    this.#stopping.signal.addEventListener("abort", () => reader.close(), { once: true });
    let pause = 0;
    while (!this.#stopping.signal.aborted) {
      try {
        if (pause > 0) await this.#pulse.wait(pause);
        this.#balanced_at = Number.NEGATIVE_INFINITY;
        await this.#follow(reader, () => {
          pause = 0;
        });
      } catch (error) {
        if (this.#stopping.signal.aborted) break;
        if (error instanceof NotOwner) continue;
        pause = Math.min(Math.max(50, pause * 2), MAX_PAUSE_MS);
        this.stats.failures++;
        this.stats.failing = error instanceof Error ? error.message : String(error);
        log.warn({ err: error, pause_ms: pause }, "batch failed, trying again after a pause");
      }
    }
    clearInterval(renewals);
    await this.#renewing;
    await leases.release().catch((error) => log.warn({ err: error }, "partitions not given back; their leases end"));
  }

  async #follow(reader: ReadAhead, progressed: () => void): Promise<void> {
    const { database, positions, pace } = this.#parts;
    /** What the relay has published and a read did not bring. */
    let missing: Behind[] = [];
    while (!this.#stopping.signal.aborted) {
      await this.#balance();
      await this.#retry();
      // What was read before a connection was lost may be of another ledger.
      if (database.losses !== this.#verified_losses) reader.forget();
      // Asked once more, since it may have come since: only what is not there then is the ledger's to bring.
      const read = await this.#read(reader, missing.length > 0 ? ASK_AGAIN_MS : pace.block_ms);
      if (this.#stopping.signal.aborted) return;
      if (read.length > 0) {
        if (database.losses !== this.#verified_losses) await this.#refuseGhosts(read);
        for (const entries of read) await this.#fillHole(entries);
        await this.#apply(read);
        missing = [];
      } else if (missing.length > 0) {
        await this.#backfill(missing);
        missing = [];
      } else {
        missing = await positions.behind(this.#positions);
      }
      this.stats.failing = null;
      progressed();
    }
  }

  async #read(reader: ReadAhead, block_ms: number): Promise<StreamEntry[][]> {
    if (this.#positions.size > 0) return await reader.read(this.#positions, { count: this.#size.count, block_ms });
    await this.#pulse.wait(block_ms);
    return [];
  }

  /** Takes its share of the partitions; what is new is first read from the ledger, whatever the stream holds. */
  async #balance(): Promise<void> {
    if (!this.#hurry && performance.now() - this.#balanced_at < this.#parts.pace.balance_ms) return;
    this.#hurry = false;
    const { positions, leases, log } = this.#parts;
    await positions.ensure();
    const { held, taken } = await leases.balance();
    this.#balanced_at = performance.now();
    this.stats.partitions = held.size;
    for (const partition of taken) this.#caution.note(partition);
    if (taken.length > 0) {
      // A replay takes every partition away, so what is taken may wait for a reset; nothing is read before that was run.
      this.#positions = new Map();
      await this.#parts.reset();
      await this.#parts.retries.reconsider(taken.map(nameOf));
    }
    const unchanged = taken.length === 0 && held.size === this.#positions.size;
    if (unchanged && [...held].every((name) => this.#positions.has(name))) return;
    this.#positions = await positions.owned();
    log.debug({ held: held.size, taken: taken.length }, "partitions");
    await this.#backfill(await positions.behind(this.#positions));
  }

  /** Keeps the leases while a batch takes so long that the next balance is overdue. */
  #renew(): void {
    const { leases, pace, log } = this.#parts;
    if (this.#renewing || this.#positions.size === 0) return;
    if (performance.now() - this.#balanced_at < 2 * pace.balance_ms) return;
    this.#renewing = leases
      .renew()
      .catch((error) => log.debug({ err: error }, "leases not renewed; the next balance says more"))
      .finally(() => {
        this.#renewing = undefined;
      });
  }

  async #retry(): Promise<void> {
    if (performance.now() - this.#retried_at < this.#parts.pace.retry_ms) return;
    await this.#parts.retries.run([...this.#positions.keys()], this.#stopping.signal);
    this.#retried_at = performance.now();
  }

  /** An entry that follows something this engine has not seen: the stream was trimmed or lost it. */
  async #fillHole(entries: readonly StreamEntry[]): Promise<void> {
    const [first] = entries;
    if (!first) return;
    const { stream, partition, prev: upto } = first;
    await this.#backfill([{ stream, partition, upto }]);
  }

  /**
   * Applies (position, upto] of partitions from the ledger, a page of each in turn. The streams are not read meanwhile,
   * so partitions that fall behind have their turn, too: a long history delays no other's news.
   */
  async #backfill(refs: readonly Behind[]): Promise<void> {
    const { ledger, positions } = this.#parts;
    const behind = (all: readonly Behind[]) =>
      all.flatMap(({ upto, ...ref }) => {
        const place = this.#positions.get(nameOf(ref));
        return place && place.position < upto ? [{ place, upto }] : [];
      });
    for (;;) {
      const left = behind(refs);
      if (left.length === 0 || this.#stopping.signal.aborted) return;
      const others = behind(await positions.behind(this.#positions)).filter(
        ({ place }) => !left.some((turn) => turn.place === place),
      );
      const turns = [...left, ...others];
      const spans = turns.map(({ place, upto }) => ({ ...place, after: place.position, upto }));
      const pages = await ledger.partitions(spans, Math.ceil(this.#size.count / turns.length));
      const found = new Set(pages.flatMap(([first]) => (first ? [nameOf(first)] : [])));
      for (const { place, upto } of turns) if (!found.has(nameOf(place))) await this.#passOver(place, upto);
      this.stats.backfilled += pages.flat().length;
      await this.#apply(pages);
      await this.#retry();
      await this.#balance();
    }
  }

  async #passOver({ stream, partition, position }: PartitionPosition, upto: number): Promise<void> {
    const { batches, log } = this.#parts;
    const name = nameOf({ stream, partition });
    log.error({ partition: name, after: position, upto }, "the ledger no longer holds these events; going on without");
    const end = new Map([[name, { stream, partition, position: upto }]]);
    this.#note(await batches.apply([], this.#stopping.signal, end));
  }

  /**
   * After a connection to Postgres was lost the ledger may be another one (a restored backup, a failover): a stream that
   * is ahead of it holds events that never were. Nothing read before this check is applied. What will be read later is
   * checked by its newest entry: ghosts stand at the end, behind as many true events as this engine is behind.
   */
  async #refuseGhosts(read: readonly (readonly StreamEntry[])[]): Promise<void> {
    const { database, ledger, streams } = this.#parts;
    const losses = database.losses;
    const ends = await streams.ends([...this.#positions.values()]);
    const newest = [...ends.values()].flatMap((end) => end.newest ?? []);
    const entries = [...read.flat(), ...newest];
    const known = await ledger.eventIds(entries.map(({ seq }) => seq));
    const oldest = await ledger.oldest();
    const ghost = entries.find(({ seq, event_id }) => seq >= oldest && known.get(seq) !== event_id);
    if (ghost) {
      throw new Error(`stream entry ${ghost.seq}-0 is not in the ledger; the relay has to fill the stream again`);
    }
    this.#verified_losses = losses;
  }

  async #apply(read: readonly (readonly StreamEntry[])[]): Promise<void> {
    const begun = performance.now();
    await this.#applyFresh(read).finally(() => {
      this.stats.busy_seconds += (performance.now() - begun) / 1000;
    });
  }

  async #applyFresh(read: readonly (readonly StreamEntry[])[]): Promise<void> {
    const fresh = read
      .map((entries) => entries.filter((entry) => entry.seq > (this.#positions.get(nameOf(entry))?.position ?? 0)))
      .filter((entries) => entries.length > 0);
    if (fresh.length === 0) return;
    const { wary, free } = this.#caution.divide(fresh);
    for (const entry of wary)
      for (const outcome of await this.#caution.apply(entry, this.#stopping.signal)) this.#note(outcome);
    if (free.length === 0) return;
    const begun = performance.now();
    const outcomes = await this.#parts.isolation.apply(free, this.#stopping.signal);
    // One that failed was handled several times over, in parts: that says nothing of how long a batch takes.
    if (outcomes.length === 1) this.#size.took(free.flat().length, performance.now() - begun);
    for (const outcome of outcomes) this.#note(outcome);
  }

  #note({ events, parked, positions }: Awaited<ReturnType<Batches["apply"]>>): void {
    for (const position of positions) this.#positions.set(nameOf(position), position);
    this.stats.events += events;
    this.stats.parked += parked;
    this.stats.batches++;
  }
}
