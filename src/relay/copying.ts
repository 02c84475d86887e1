import type { LedgerPage, LedgerRoom } from "../platform/events/ledger-reader.ts";
import type { Log } from "../platform/observability/log.ts";
import type { EventStreams, StoredEvent } from "../platform/streams/streams.ts";
import { Beside } from "./beside.ts";
import type { Clock } from "./clock.ts";
import { Gaps } from "./gaps.ts";
import { Healing } from "./healing.ts";
import { RelayProgress } from "./progress.ts";
import { Publishing } from "./publishing.ts";
import type { Pulse } from "./pulse.ts";
import type { RelayMetrics } from "./relay-metrics.ts";
import type { RelayStore } from "./relay-store.ts";
import { Trimming } from "./trimming.ts";

export interface CopyingParts {
  store: RelayStore;
  streams: EventStreams;
  log: Log;
  metrics: RelayMetrics;
  clock: Clock;
  pulse: Pulse;
  /** Events read and published at a time, at most. */
  batch: number;
  /** Memory all streams together may take, about. */
  streams_max_bytes: number;
  /** Whether this relay is to go on: it leads and was not stopped. */
  lead(): Promise<boolean>;
}

const LOOK_EVERY_MS = 1000;
/** The slowest look at the ledger while nothing hints at news. */
const IDLE_MS = 50;
/** First wait for a living gap; doubled up to IDLE_MS. */
const GAP_MS = 1;
/** Up to this wait a hint ends it: most gaps are filled by who is about to commit, but one that lives on is not asked after each time. */
const HINTED_GAP_MS = 8;
/** Rows of the first read; doubled while reads are full, so that large payloads are not read to be cut off. */
const FIRST_BATCH = 64;

/** A read that was asked for longer ago than this may be of a ledger that is gone: this process may have been frozen. */
const STALE_MS = 2000;

/** A read of the ledger that is under way. */
interface Reading {
  asked_at: number;
  after: number;
  dead_below: number;
  page: Promise<LedgerPage>;
}

/** What a look at the ledger and at all streams shows. */
interface Look extends LedgerRoom {
  incarnation: string;
  /** Some stream ends before what was published to it. */
  lost: boolean;
}

/** The copying itself: read, judge gaps, publish, note the place; heal and trim from time to time. */
export class Copying {
  readonly #parts: CopyingParts;
  readonly #gaps: Gaps;
  readonly #progress: RelayProgress;
  readonly #trimming: Trimming;
  readonly #publishing: Publishing;
  readonly #healing: Healing;
  readonly #look = new Beside<Look>();
  #looked_at = Number.NEGATIVE_INFINITY;
  #suspicious = true;
  #losses = 0;
  #rows: number;

  constructor(parts: CopyingParts) {
    this.#parts = parts;
    const { store, streams, clock, streams_max_bytes, batch, lead } = parts;
    this.#rows = Math.min(FIRST_BATCH, batch);
    this.#gaps = new Gaps(store);
    this.#progress = new RelayProgress(store, clock);
    this.#trimming = new Trimming({ store, streams, clock, max_bytes: streams_max_bytes });
    this.#publishing = new Publishing({
      store,
      streams,
      trimming: this.#trimming,
      verify: async (asked_at = Number.NEGATIVE_INFINITY) => {
        if (clock.now() - asked_at > STALE_MS) this.#progress.mustBe((await store.room()).incarnation);
      },
    });
    this.#healing = new Healing({ store, streams, lead, refill: (...some) => this.#publishing.refill(...some) });
  }

  /** Everything up to this `seq` is published. */
  get settled_seq(): number {
    return this.#progress.settled_seq;
  }

  /** From here on nothing in memory or in the streams is believed until it was compared. */
  suspect(): void {
    this.#suspicious = true;
  }

  /** Notes the place once more; to be called when nothing is under way. */
  async finish(): Promise<void> {
    if (!this.#suspicious) await this.#progress.finish();
  }

  /** Copies until `lead` says no. The next read overlaps publishing. `progressed` hears of every round that went well. */
  async run(progressed: () => void): Promise<void> {
    const { lead, pulse, batch } = this.#parts;
    let next: Reading | undefined;
    while (await lead()) {
      if (await this.#believe()) next = undefined;
      await this.#maintain();
      const reading: Reading = next ?? this.#read(this.#progress.settled_seq);
      next = undefined;
      const page = await reading.page;
      this.#progress.mustBe(page.incarnation);
      if (page.more) this.#rows = Math.min(Math.max(FIRST_BATCH, page.events.length * 2), batch);
      const settled = this.#gaps.settled(reading.after, page.events, reading.dead_below);
      const last = page.events.at(-1);
      const waits = settled.length < page.events.length;
      if (last && page.more && !waits) next = this.#read(last.seq);
      await this.#publish(settled, reading.asked_at);
      this.#progress.write();
      progressed();
      if (last && waits) await this.#waitForGap(last.seq);
      else if (!page.more) await pulse.wait(Math.min(IDLE_MS, this.#progress.due_ms ?? IDLE_MS));
    }
  }

  /** Waits until the ledger should be read again because of a gap below `last_visible`. */
  async #waitForGap(last_visible: number): Promise<void> {
    const { lead, pulse } = this.#parts;
    let gap_ms = GAP_MS;
    while (!(await this.#gaps.wait(last_visible))) {
      if (gap_ms <= HINTED_GAP_MS) await pulse.wait(gap_ms);
      else await pulse.sleep(gap_ms);
      gap_ms = Math.min(gap_ms * 2, IDLE_MS);
      if (!(await lead())) return;
      if (await this.#believe()) return;
      await this.#maintain();
      this.#progress.write();
    }
  }

  #read(after: number): Reading {
    const { store } = this.#parts;
    const reading = {
      asked_at: this.#parts.clock.now(),
      after,
      dead_below: this.#gaps.dead_below,
      page: store.page(after, this.#rows),
    };
    // It may be given up before anybody waits for it.
    reading.page.catch(() => undefined);
    return reading;
  }

  async #publish(events: readonly StoredEvent[], asked_at: number): Promise<void> {
    const final = events.at(-1);
    if (!final) return;
    const ends = await this.#publishing.publish(events, this.#progress.last, asked_at);
    for (const end of ends) this.#progress.published(end, end.last_seq);
    this.#progress.settled(final.seq);
    this.#parts.metrics.published.inc(events.length);
  }

  /**
   * After a take-over or a lost connection: takes the place from Postgres and drops every stream that contradicts the
   * ledger. True when it had to: what was read before is to be read again.
   */
  async #believe(): Promise<boolean> {
    const { log, metrics, store } = this.#parts;
    if (store.losses !== this.#losses) this.#suspicious = true;
    if (!this.#suspicious) return false;
    this.#losses = store.losses;
    this.#suspicious = false;
    try {
      this.#gaps.reset();
      this.#look.forget();
      // Whatever was asked for last may have been too much to be answered in time.
      this.#rows = Math.min(FIRST_BATCH, this.#parts.batch);
      await this.#progress.load();
      const refs = await store.partitions();
      for (const { ref, seq, event_id } of await this.#healing.dropDivergent(refs, this.#progress)) {
        metrics.divergences.inc();
        log.error(
          { ...ref, seq, event_id },
          "DIVERGENCE: a stream held an event the ledger does not have: the database was restored to an earlier moment, or " +
            "lost its last commits. The stream is filled again. What to do now: docs/operations.md, After a restore",
        );
      }
    } catch (error) {
      this.#suspicious = true;
      throw error;
    }
    this.#looked_at = Number.NEGATIVE_INFINITY;
    return true;
  }

  /** Trims when it is time, and mends what the last look showed; looks again once a second, beside the copying. */
  async #maintain(): Promise<void> {
    const { store, clock } = this.#parts;
    if (this.#trimming.due) await this.#trimming.trim(await store.partitions());
    const seen = this.#look.take();
    if (seen) await this.#mend(seen);
    if (clock.now() - this.#looked_at < LOOK_EVERY_MS || !this.#look.free) return;
    const first = this.#looked_at === Number.NEGATIVE_INFINITY;
    this.#looked_at = clock.now();
    // Before anything is published to streams that may have lost something.
    if (first) await this.#mend(await this.#lookAround());
    else this.#look.begin(() => this.#lookAround());
  }

  async #lookAround(): Promise<Look> {
    const last = new Map(this.#progress.last);
    const [room, lost] = await Promise.all([this.#parts.store.room(), this.#healing.someLost(last)]);
    return { ...room, lost };
  }

  async #mend({ room, range_size, incarnation, lost }: Look): Promise<void> {
    const { log, metrics, store } = this.#parts;
    this.#progress.mustBe(incarnation);
    if (lost) {
      for (const [partition, events] of await this.#healing.refill(this.#progress.last)) {
        metrics.refilled.inc(events);
        log.warn({ partition, events }, "a stream had lost events and was filled again from the ledger");
      }
    }
    if (room < 2 * range_size) await store.extend();
  }
}
