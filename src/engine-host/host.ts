import type { Database } from "../platform/database/database.ts";
import type { Log } from "../platform/observability/log.ts";
import type { Metrics } from "../platform/observability/metrics.ts";
import { Pulse } from "../platform/pulse.ts";
import type { EngineProcess, EngineState } from "./engine-process.ts";
import { Heartbeats } from "./heartbeats.ts";
import { type EngineMetrics, engineMetrics } from "./host-metrics.ts";
import type { EngineSource } from "./loading.ts";
import { engineSummaries } from "./registry.ts";
import { forgetOldKeys } from "./request-keys.ts";

export interface HostOptions {
  database: Database;
  sources: readonly EngineSource[];
  /** Where an engine's code runs: a Worker, or this thread. */
  processFor(source: EngineSource): EngineProcess;
  log: Log;
  metrics: Metrics;
}

const LOOK_EVERY_MS = 2000;
const LOOKS_PER_HOUR = 1800;

/** All engines of this host. */
export class EngineHost {
  readonly #options: HostOptions;
  readonly #heartbeats: Heartbeats;
  readonly #metrics: EngineMetrics;
  readonly #pulse = new Pulse();
  #engines: EngineProcess[];
  #stopping = false;
  #watching: Promise<void> = Promise.resolve();

  constructor(options: HostOptions) {
    this.#options = options;
    this.#engines = options.sources.map(options.processFor);
    this.#heartbeats = new Heartbeats(options.database);
    this.#metrics = engineMetrics(options.metrics);
  }

  get engines(): readonly EngineProcess[] {
    return this.#engines;
  }

  find(name: string): EngineProcess | undefined {
    return this.#engines.find((engine) => engine.name === name);
  }

  /** Starts all engines at once; one that fails does not keep the others. */
  async start(): Promise<void> {
    const started = Promise.all(this.#engines.map((engine) => engine.start()));
    // One that loads slowly keeps nobody from being watched and told of.
    this.#watching = this.#watch();
    await started;
    const failed = this.#engines.filter((engine) => engine.state.state !== "running").map((engine) => engine.name);
    if (failed.length > 0) this.#options.log.warn({ failed }, "some engines do not run");
  }

  /**
   * Replaces an engine by its code as it is on disk now: the new one is started first, and takes over only when it runs.
   * A folder that is new is added, one that is gone is stopped. Resolves with how the new code is.
   */
  async reload(source: EngineSource, present: boolean): Promise<EngineState> {
    const old = this.find(source.name);
    if (!present) {
      this.#engines = this.#engines.filter((engine) => engine !== old);
      await old?.stop();
      return { state: "stopped" };
    }
    const fresh = this.#options.processFor(source);
    await fresh.start();
    const outcome = fresh.state;
    if (outcome.state !== "running" && old?.state.state === "running") {
      this.#options.log.error({ engine: source.name }, "the new code does not run; the old one goes on");
      await fresh.stop();
      return outcome;
    }
    this.#engines = [...this.#engines.filter((engine) => engine !== old), fresh];
    await old?.stop();
    fresh.rebalance();
    return outcome;
  }

  /** Resolves with a warning that names the engines that do not run well, with their reasons. */
  async check(): Promise<string | undefined> {
    const ill = this.#engines.flatMap(({ name, state }) =>
      state.state === "running" ? [] : [`${name} ${state.state}${"reason" in state ? `: ${state.reason}` : ""}`],
    );
    return ill.length === 0 ? undefined : ill.join("; ");
  }

  async stop(): Promise<void> {
    this.#stopping = true;
    this.#pulse.beat();
    await this.#watching;
    await Promise.all(this.#engines.map((engine) => engine.stop()));
    await this.#heartbeats.end().catch(() => undefined);
  }

  async #watch(): Promise<void> {
    const { database, log } = this.#options;
    for (let look = 0; !this.#stopping; look++) {
      try {
        if (look % LOOKS_PER_HOUR === 0) await forgetOldKeys(database);
        const events = new Map<string, number>();
        for (const engine of this.#engines) {
          const stats = await engine.stats();
          if (stats) events.set(engine.name, stats.events);
          this.#metrics.note(engine, stats);
        }
        await this.#heartbeats.beat(this.#engines, events);
        for (const summary of await engineSummaries(database)) {
          if (this.find(summary.name)) this.#metrics.noteSummary(summary);
        }
      } catch (error) {
        log.warn({ err: error }, "heartbeat failed");
      }
      await this.#pulse.wait(LOOK_EVERY_MS);
    }
  }
}
