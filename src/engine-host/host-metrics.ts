import type { Metrics } from "../platform/observability/metrics.ts";
import type { EngineProcess } from "./engine-process.ts";
import type { EngineSummary } from "./registry.ts";
import type { RunnerStats } from "./runner.ts";

export interface EngineMetrics {
  note(engine: EngineProcess, stats: RunnerStats | undefined): void;
  noteSummary(summary: EngineSummary): void;
}

/** Gauges of each engine, as last heard: what happens in Workers is told here. */
export function engineMetrics(metrics: Metrics): EngineMetrics {
  const gauge = (name: string, help: string) => metrics.gauge(`basecommerce_engine_${name}`, help, ["engine"]);
  const running = gauge("running", "1 while the engine runs on this host");
  const failing = gauge("failing", "1 while the engine's latest batch failed as a whole");
  const events = gauge("events_handled", "Events handled by this host since the engine's start");
  const partitions = gauge("partitions", "Partitions that this host works on");
  const restarts = gauge("restarts", "Restarts of the engine's Worker on this host");
  const lagEvents = gauge("lag_events", "Events the engine has not come to yet, over all hosts");
  const lagSeconds = gauge("lag_seconds", "Age of the oldest event the engine has not come to yet");
  const parked = gauge("parked_events", "Events that wait for another attempt");
  const dead = gauge("dead_events", "Events that wait for a person");
  return {
    note({ name: engine, state, restarts: count }, stats) {
      running.set({ engine }, state.state === "running" ? 1 : 0);
      restarts.set({ engine }, count);
      if (!stats) return;
      failing.set({ engine }, stats.failing === null ? 0 : 1);
      events.set({ engine }, stats.events);
      partitions.set({ engine }, stats.partitions);
    },
    noteSummary({ name: engine, lag_events, lag_seconds, parked: waiting, dead: lost }) {
      lagEvents.set({ engine }, lag_events);
      lagSeconds.set({ engine }, lag_seconds);
      parked.set({ engine }, waiting);
      dead.set({ engine }, lost);
    },
  };
}
