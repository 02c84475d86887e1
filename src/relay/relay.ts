import type { Database } from "../platform/database/database.ts";
import { Lease } from "../platform/database/lease.ts";
import { LedgerReader } from "../platform/events/ledger-reader.ts";
import { madeStreams } from "../platform/events/stream-registry.ts";
import type { Log } from "../platform/observability/log.ts";
import {
  type EventStreams,
  nameOf,
  type PartitionRef,
  type StoredEvent,
  type StreamEntry,
} from "../platform/streams/streams.ts";
import { Gaps } from "./gaps.ts";
import { Healing } from "./healing.ts";
import { RelayProgress } from "./progress.ts";
import { Pulse } from "../platform/pulse.ts";
import type { RelayMetrics } from "./relay-metrics.ts";

export interface RelayOptions {
  /** Logged in as the relay's role. */
  database: Database;
  streams: EventStreams;
  log: Log;
  metrics: RelayMetrics;
  /** Unique to this process: the name under which it holds the lease. */
  owner: string;
  /** Events read and published at a time. */
  batch?: number;
  lease_seconds?: number;
}

const HEAL_EVERY_MS = 1000;
/** The slowest look at the ledger while nothing hints at news. */
const IDLE_MS = 50;
/** First wait for a living gap; doubled up to IDLE_MS. */
const GAP_MS = 1;

/**
 * Copies the ledger into the streams: in order, without gaps, each event once. One relay is active, by a lease that only
 * saves work; the others stand by. Explicit ids make two active ones harmless.
 */
export class Relay {
  readonly #options: Required<RelayOptions>;
  readonly #ledger: LedgerReader;
  readonly #gaps: Gaps;
  readonly #progress: RelayProgress;
  readonly #healing: Healing;
  readonly #lease: Lease;
  readonly #pulse = new Pulse();
  readonly #stopping = new AbortController();
  #running: Promise<void> = Promise.resolve();
  #active = false;
  #leased_until = 0;
  #healed_at = 0;
  #suspicious = true;

  constructor(options: RelayOptions) {
    this.#options = { batch: 2000, lease_seconds: 5, ...options };
    const { database, streams, owner, lease_seconds } = this.#options;
    this.#ledger = new LedgerReader(database);
    this.#gaps = new Gaps(database);
    this.#progress = new RelayProgress(database);
    this.#healing = new Healing({ database, ledger: this.#ledger, streams });
    this.#lease = new Lease(database, "relay", owner, lease_seconds);
  }

  /** True while this relay publishes, false while it stands by. */
  get active(): boolean {
    return this.#active;
  }

  get settled_seq(): number {
    return this.#progress.settled_seq;
  }

  start(): void {
    const { streams } = this.#options;
    const quiet = [
      streams.onWake(() => this.#pulse.beat()),
      streams.onReconnect(() => {
        this.#suspicious = true;
        this.#pulse.beat();
      }),
    ];
    this.#running = this.#run().finally(() => {
      for (const stop of quiet) stop();
    });
  }

  /** Finishes the batch in hand, writes its place and gives the lease up. May be called more than once. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    this.#pulse.beat();
    await this.#running;
  }

  async #run(): Promise<void> {
    const { log, metrics } = this.#options;
    let failures = 0;
    while (!this.#stopping.signal.aborted) {
      try {
        if (!(await this.#lead())) {
          await this.#pulse.wait(this.#options.lease_seconds * 250);
          continue;
        }
        await this.#publishUntilFollower(() => {
          failures = 0;
        });
      } catch (error) {
        failures++;
        metrics.failures.inc();
        this.#suspicious = true;
        log.warn({ err: error, failures }, "relay interrupted, going on after a pause");
        await this.#pulse.wait(Math.min(50 * 2 ** failures, 2000));
      }
    }
    await this.#retire();
  }

  async #retire(): Promise<void> {
    if (!this.#active) return;
    this.#setActive(false);
    try {
      await this.#progress.write(true);
      await this.#lease.release();
    } catch (error) {
      this.#options.log.warn({ err: error }, "relay stopped without giving its lease back; it ends by itself");
    }
  }

  /** Holds the lease, asking for it again when a third of it has passed. */
  async #lead(): Promise<boolean> {
    const { lease_seconds, log } = this.#options;
    if (this.#active && performance.now() < this.#leased_until) return true;
    const held = await this.#lease.hold();
    this.#leased_until = performance.now() + (lease_seconds * 1000) / 3;
    if (held && !this.#active) {
      log.info("relay is active");
      this.#suspicious = true;
    }
    if (!held && this.#active) log.warn("relay lost its lease to another one, standing by");
    this.#setActive(held);
    return held;
  }

  #setActive(active: boolean): void {
    this.#active = active;
    this.#options.metrics.active.set(active ? 1 : 0);
  }

  async #publishUntilFollower(progressed: () => void): Promise<void> {
    const { database, batch } = this.#options;
    let losses = database.losses;
    let gap_ms = GAP_MS;
    while (!this.#stopping.signal.aborted && (await this.#lead())) {
      if (database.losses !== losses) {
        losses = database.losses;
        this.#suspicious = true;
      }
      if (this.#suspicious) await this.#reconsider();
      await this.#maintain();
      const read = await this.#ledger.after(this.#progress.settled_seq, batch);
      const settled = this.#gaps.settled(this.#progress.settled_seq, read);
      await this.#publish(settled);
      await this.#progress.write();
      progressed();
      const last_visible = read.at(-1);
      if (last_visible && settled.length < read.length) {
        if (await this.#gaps.wait(last_visible.seq)) {
          gap_ms = GAP_MS;
          continue;
        }
        await this.#pulse.sleep(gap_ms);
        gap_ms = Math.min(gap_ms * 2, IDLE_MS);
      } else if (read.length < batch) {
        await this.#pulse.wait(Math.min(IDLE_MS, this.#progress.due_ms ?? IDLE_MS));
      }
    }
  }

  async #publish(events: readonly StoredEvent[]): Promise<void> {
    if (events.length === 0) return;
    const { streams, metrics } = this.#options;
    const entries: StreamEntry[] = [];
    const ends = new Map(this.#progress.last);
    for (const event of events) {
      const name = nameOf(event);
      const prev = ends.get(name)?.last_seq ?? (await this.#ledger.before(event, event.seq));
      entries.push({ ...event, prev });
      ends.set(name, { stream: event.stream, partition: event.partition, last_seq: event.seq });
    }
    await streams.append(entries);
    for (const end of ends.values())
      if (end.last_seq > this.#progress.settled_seq) this.#progress.published(end, end.last_seq);
    this.#progress.settled(entries.at(-1)?.seq ?? 0);
    metrics.published.inc(entries.length);
  }

  /** After a take-over or a lost connection nothing in memory or in the streams is believed. */
  async #reconsider(): Promise<void> {
    const { log, metrics, database } = this.#options;
    this.#suspicious = false;
    this.#gaps.reset();
    await this.#progress.load();
    const refs: PartitionRef[] = [];
    for (const [stream, partitions] of await madeStreams(database)) {
      for (let partition = 0; partition < partitions; partition++) refs.push({ stream, partition });
    }
    for (const { ref, seq, event_id } of await this.#healing.dropDivergent(refs)) {
      metrics.divergences.inc();
      log.error(
        { ...ref, seq, event_id },
        "DIVERGENCE: a stream held an event the ledger does not have; filling it again",
      );
    }
    this.#healed_at = 0;
  }

  async #maintain(): Promise<void> {
    if (performance.now() - this.#healed_at < HEAL_EVERY_MS) return;
    const { log, metrics, database } = this.#options;
    for (const [partition, events] of await this.#healing.refill(this.#progress.last)) {
      metrics.refilled.inc(events);
      log.warn({ partition, events }, "a stream had lost events and was filled again from the ledger");
    }
    const { head, room, range_size } = await this.#ledger.room();
    if (room < 2 * range_size) await database.query("select event_log_extend()");
    metrics.head.set(head);
    metrics.settled.set(this.#progress.settled_seq);
    this.#healed_at = performance.now();
  }
}
