import type { Log } from "../platform/observability/log.ts";
import type { Clock } from "./clock.ts";
import type { RelayMetrics } from "./relay-metrics.ts";
import type { RelayStore } from "./relay-store.ts";

export interface LeadershipParts {
  store: RelayStore;
  clock: Clock;
  log: Log;
  metrics: RelayMetrics;
  lease_seconds: number;
  /** Called when this relay begins to lead. */
  tookOver(): void;
}

/** Whether this relay is the one that publishes: a lease in Postgres that is asked for again when a third has passed. */
export class Leadership {
  readonly #parts: LeadershipParts;
  #held = false;
  #sure_until = Number.NEGATIVE_INFINITY;
  #lease_until = Number.NEGATIVE_INFINITY;

  constructor(parts: LeadershipParts) {
    this.#parts = parts;
  }

  get held(): boolean {
    return this.#held;
  }

  async hold(): Promise<boolean> {
    const { store, clock, log, lease_seconds, tookOver } = this.#parts;
    const asked_at = clock.now();
    if (this.#held && asked_at < this.#sure_until) return true;
    // Another one may lead by now, whether the database can be asked or not.
    if (this.#held && asked_at >= this.#lease_until) this.#set(false);
    const held = await store.lead();
    this.#sure_until = asked_at + (lease_seconds * 1000) / 3;
    this.#lease_until = asked_at + lease_seconds * 1000;
    if (held && !this.#held) {
      log.info("relay is active");
      tookOver();
    }
    if (!held && this.#held) log.warn("relay lost its lease to another one, standing by");
    this.#set(held);
    return held;
  }

  async resign(): Promise<void> {
    this.#set(false);
    await this.#parts.store.resign();
  }

  #set(held: boolean): void {
    this.#held = held;
    this.#parts.metrics.active.set(held ? 1 : 0);
  }
}
