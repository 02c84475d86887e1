import type { Log } from "../platform/observability/log.ts";
import type { Metrics } from "../platform/observability/metrics.ts";
import type { EngineProcess } from "./engine-process.ts";
import type { EngineSource } from "./loading.ts";

export interface HostOptions {
  sources: readonly EngineSource[];
  /** Where an engine's code runs: a Worker, or this thread. */
  processFor(source: EngineSource): EngineProcess;
  log: Log;
  metrics: Metrics;
}

/** All engines of this host. */
export class EngineHost {
  readonly #engines: readonly EngineProcess[];
  readonly #log: Log;

  constructor({ sources, processFor, log, metrics }: HostOptions) {
    this.#engines = sources.map(processFor);
    this.#log = log;
    metrics.gauge("basecommerce_engine_running", "1 while the engine runs on this host", ["engine"], (gauge) => {
      for (const engine of this.#engines) gauge.set({ engine: engine.name }, engine.state.state === "running" ? 1 : 0);
    });
  }

  get engines(): readonly EngineProcess[] {
    return this.#engines;
  }

  find(name: string): EngineProcess | undefined {
    return this.#engines.find((engine) => engine.name === name);
  }

  /** Starts all engines at once; one that fails does not keep the others. */
  async start(): Promise<void> {
    await Promise.all(this.#engines.map((engine) => engine.start()));
    const failed = this.#engines.filter((engine) => engine.state.state !== "running").map((engine) => engine.name);
    if (failed.length > 0) this.#log.warn({ failed }, "some engines do not run");
  }

  /** Resolves with a warning that names the engines that do not run, with their reasons. */
  async check(): Promise<string | undefined> {
    const ill = this.#engines.flatMap(({ name, state }) =>
      state.state === "running" ? [] : [`${name} ${state.state}${"reason" in state ? `: ${state.reason}` : ""}`],
    );
    return ill.length === 0 ? undefined : ill.join("; ");
  }

  async stop(): Promise<void> {
    await Promise.all(this.#engines.map((engine) => engine.stop()));
  }
}
