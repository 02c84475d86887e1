import { codeOf } from "../platform/database/errors.ts";
import type { Log } from "../platform/observability/log.ts";
import type { EventStreams } from "../platform/streams/streams.ts";
import { type Clock, realClock } from "./clock.ts";
import { Copying } from "./copying.ts";
import { Leadership } from "./leadership.ts";
import { Pulse } from "./pulse.ts";
import type { RelayMetrics } from "./relay-metrics.ts";
import type { RelayStore } from "./relay-store.ts";

export interface RelayOptions {
  store: RelayStore;
  streams: EventStreams;
  log: Log;
  metrics: RelayMetrics;
  clock?: Clock;
  /** Events read and published at a time, at most; fewer when they are large. */
  batch?: number;
  lease_seconds?: number;
  /** Memory all streams together may take, about. */
  streams_max_bytes?: number;
}

const LONGEST_PAUSE_MS = 2000;
/** Attempts in a row that fail before it is in trouble: what heals by itself within a second is none. */
const PATIENCE = 4;

/**
 * Copies the ledger into the streams: in order, without gaps, each event once. One relay is active, by a lease that only
 * saves work; the others stand by. Explicit ids make two active ones harmless.
 */
export class Relay {
  readonly #options: RelayOptions & { lease_seconds: number };
  readonly #copying: Copying;
  readonly #leadership: Leadership;
  readonly #pulse: Pulse;
  #running: Promise<void> = Promise.resolve();
  #stopping = false;
  #failures = 0;
  #reason = "";

  constructor(options: RelayOptions) {
    const { store, streams, log, metrics, clock = realClock, lease_seconds = 5 } = options;
    const { batch = 2000, streams_max_bytes = 256 * 1024 * 1024 } = options;
    this.#options = { ...options, lease_seconds };
    const pulse = new Pulse(clock);
    this.#pulse = pulse;
    this.#leadership = new Leadership({
      store,
      clock,
      log,
      metrics,
      lease_seconds,
      tookOver: () => this.#copying.suspect(),
    });
    const lead = async () => !this.#stopping && (await this.#leadership.hold());
    this.#copying = new Copying({ store, streams, log, metrics, clock, pulse, batch, streams_max_bytes, lead });
  }

  /** True while this relay publishes, false while it stands by. */
  get active(): boolean {
    return this.#leadership.held;
  }

  /** Why it has published nothing for several attempts; undefined while it publishes or stands by. */
  get trouble(): string | undefined {
    return this.#failures < PATIENCE ? undefined : this.#reason;
  }

  get settled_seq(): number {
    return this.#copying.settled_seq;
  }

  start(): void {
    const { streams } = this.#options;
    const quiet = [
      streams.onWake(() => this.#pulse.beat()),
      streams.onReconnect(() => {
        this.#copying.suspect();
        this.#pulse.beat();
      }),
    ];
    this.#running = this.#run().finally(() => {
      for (const stop of quiet) stop();
    });
  }

  /** Finishes the batch in hand, writes its place and gives the lease up. May be called more than once. */
  async stop(): Promise<void> {
    this.#stopping = true;
    this.#pulse.stop();
    await this.#running;
  }

  async #run(): Promise<void> {
    const { lease_seconds } = this.#options;
    while (!this.#stopping) {
      try {
        if (await this.#leadership.hold()) {
          await this.#copying.run(() => {
            this.#failures = 0;
          });
        } else {
          this.#failures = 0;
          // A hint is nothing to a relay that stands by: it would ask for the lease with every commit.
          await this.#pulse.sleep(lease_seconds * 250);
        }
      } catch (error) {
        await this.#recover(error);
      }
    }
    await this.#retire();
  }

  async #recover(error: unknown): Promise<void> {
    const { metrics, log } = this.#options;
    const failures = ++this.#failures;
    this.#reason = error instanceof Error ? error.message : String(error);
    metrics.failures.inc();
    this.#copying.suspect();
    log.warn({ err: error, code: codeOf(error), failures }, "relay interrupted, going on after a pause");
    await this.#pulse.sleep(Math.min(25 * 2 ** failures, LONGEST_PAUSE_MS));
  }

  async #retire(): Promise<void> {
    if (!this.active) return;
    try {
      await this.#copying.finish();
      await this.#leadership.resign();
    } catch (error) {
      this.#options.log.warn({ err: error }, "relay stopped without giving its lease back; it ends by itself");
    }
  }
}
