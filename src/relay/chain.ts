import type { Counter } from "prom-client";
import type { Database } from "../platform/database/database.ts";
import type { Log } from "../platform/observability/log.ts";
import type { Metrics } from "../platform/observability/metrics.ts";
import { Pulse } from "../platform/pulse.ts";

export interface ChainParts {
  /** Logged in as the relay's role. */
  database: Database;
  /** The relay beside it: whether it publishes, and how far it is. */
  relay: { readonly active: boolean; readonly settled_seq: number };
  metrics: Metrics;
  log: Log;
}

/** About 30 ms of one core of the server. */
const AT_ONCE = 1000;
const LOOK_EVERY_MS = 1000;
/** Behind, it works a fifth of the time: publishing and the shops come first. */
const REST_FOR_WORK = 4;

/**
 * Extends the ledger's chain of digests over what the relay has settled, one partition's events after another in `seq`
 * order. Each step is one transaction inside the server, away from publishing; what a crash leaves undone the next relay
 * goes on with.
 */
export class Chain {
  readonly #parts: ChainParts;
  readonly #chained: Counter;
  readonly #pulse = new Pulse();
  #stopping = false;
  #running: Promise<void> = Promise.resolve();

  constructor(parts: ChainParts) {
    this.#parts = parts;
    this.#chained = parts.metrics.counter(
      "basecommerce_relay_chained_events_total",
      "Events added to the digest chain",
    );
  }

  start(): void {
    this.#running = this.#run();
  }

  async stop(): Promise<void> {
    this.#stopping = true;
    this.#pulse.beat();
    await this.#running;
  }

  async #run(): Promise<void> {
    const { relay, log } = this.#parts;
    let done_until = -1;
    let seen = -1;
    while (!this.#stopping) {
      let pause = LOOK_EVERY_MS;
      const { active, settled_seq } = relay;
      try {
        if (active && settled_seq !== done_until) {
          const begun = performance.now();
          const made = await this.#extend();
          // Progress stands in Postgres a moment after it was made: only what was seen a look ago is sure to be there.
          if (made === 0 && settled_seq === seen) done_until = settled_seq;
          seen = settled_seq;
          if (made > 0) pause = (performance.now() - begun) * REST_FOR_WORK;
        }
      } catch (error) {
        log.warn({ err: error }, "the ledger's chain could not be extended; trying again");
      }
      await this.#pulse.wait(pause);
    }
  }

  async #extend(): Promise<number> {
    const [row] = await this.#parts.database.query<{ made: number }>("select event_chain_extend($1) as made", [
      AT_ONCE,
    ]);
    const made = row?.made ?? 0;
    this.#chained.inc(made);
    return made;
  }
}

/**
 * Drops the links of events that retention has dropped; each partition's newest one stays, the next goes on from it.
 * `database` works as the owner.
 */
export async function forgetLinks(database: Database): Promise<void> {
  await database.query(
    `delete from event_chain c
     using (select min(from_seq) as first from event_log_range) r,
           lateral (select k.stream, k.partition, max(k.seq) as newest from event_chain k
                    where k.seq < r.first group by k.stream, k.partition) kept
     where c.stream = kept.stream and c.partition = kept.partition and c.seq < kept.newest`,
  );
}
