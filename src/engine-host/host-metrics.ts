import type { Counter } from "prom-client";
import type { Metrics } from "../platform/observability/metrics.ts";
import type { EngineProcess } from "./engine-process.ts";
import type { EngineSummary } from "./registry.ts";
import type { RunnerStats } from "./runner.ts";

export interface EngineMetrics {
  note(engine: EngineProcess, stats: RunnerStats | undefined): void;
  noteSummary(summary: EngineSummary): void;
}

/** Metrics of each engine, as last heard: what happens in Workers is told here. */
export function engineMetrics(metrics: Metrics): EngineMetrics {
  const named = (name: string) => `basecommerce_engine_${name}`;
  const gauge = (name: string, help: string) => metrics.gauge(named(name), help, ["engine"]);
  const counter = (name: string, help: string) => new Total(metrics.counter(named(name), help, ["engine"]));
  const running = gauge("running", "1 while the engine runs on this host");
  const failing = gauge("failing", "1 while the engine's latest batch failed as a whole");
  const partitions = gauge("partitions", "Partitions that this host works on");
  const heap = gauge("heap_bytes", "Heap of the thread the engine runs in");
  const lagEvents = gauge("lag_events", "Events the engine has not come to yet, over all hosts");
  const lagSeconds = gauge("lag_seconds", "Age of the oldest event the engine has not come to yet");
  const parked = gauge("parked_events", "Events that wait for another attempt");
  const dead = gauge("dead_events", "Events that wait for a person");
  const restarts = counter("restarts_total", "Restarts of the engine's Worker on this host");
  const events = counter("events_total", "Events handled or passed over by this host");
  const backfilled = counter("backfilled_events_total", "Events read from the ledger because no stream brought them");
  const batches = counter("batches_total", "Batches committed by this host");
  const batchSeconds = counter("batch_seconds_total", "Time spent on batches by this host");
  const failures = counter("batch_failures_total", "Batches that were rolled back and tried again as a whole");
  return {
    note({ name: engine, state, restarts: count }, stats) {
      running.set({ engine }, state.state === "running" ? 1 : 0);
      restarts.reach(engine, count);
      if (!stats) return;
      failing.set({ engine }, stats.failing === null ? 0 : 1);
      partitions.set({ engine }, stats.partitions);
      heap.set({ engine }, stats.heap_bytes);
      events.reach(engine, stats.events);
      backfilled.reach(engine, stats.backfilled);
      batches.reach(engine, stats.batches);
      batchSeconds.reach(engine, stats.busy_seconds);
      failures.reach(engine, stats.failures);
    },
    noteSummary({ name: engine, lag_events, lag_seconds, parked: waiting, dead: lost }) {
      lagEvents.set({ engine }, lag_events);
      lagSeconds.set({ engine }, lag_seconds);
      parked.set({ engine }, waiting);
      dead.set({ engine }, lost);
    },
  };
}

/** A counter fed with what Workers have counted: a Worker that is new counts from nothing again. */
class Total {
  readonly #counter: Counter<"engine">;
  readonly #heard = new Map<string, number>();

  constructor(counter: Counter<"engine">) {
    this.#counter = counter;
  }

  reach(engine: string, count: number): void {
    const before = this.#heard.get(engine) ?? 0;
    this.#heard.set(engine, count);
    this.#counter.inc({ engine }, count < before ? count : count - before);
  }
}
