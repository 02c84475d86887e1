import type { EngineRequest, EngineResponse } from "./engine-routes.ts";
import type { EngineSource } from "./loading.ts";
import type { EngineManifest } from "./manifest.ts";
import type { ShownSettings } from "./operator-settings.ts";
import type { RunnerStats } from "./runner.ts";

/** How an engine is. `failed` is final until it is loaded again; `restarting` tries again by itself. */
export type EngineState =
  | { state: "loading" }
  | { state: "running" }
  | { state: "restarting"; reason: string }
  | { state: "failed"; reason: string }
  | { state: "stopped" };

/** One engine as the host sees it, wherever its code runs. */
export interface EngineProcess {
  readonly name: string;
  readonly source: EngineSource;
  /** How often its Worker had to be started again. */
  readonly restarts: number;
  readonly state: EngineState;
  /** Known once its code was loaded. */
  readonly manifest: EngineManifest | undefined;
  /** What this host's operator has set for it, as people may see it. */
  readonly settings: ShownSettings;
  start(): Promise<void>;
  handle(request: EngineRequest): Promise<EngineResponse>;
  stats(): Promise<RunnerStats | undefined>;
  /** Another instance of the engine has given its partitions up. */
  rebalance(): void;
  stop(): Promise<void>;
}
