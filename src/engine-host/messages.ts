import type { LogLevel } from "../platform/observability/log.ts";
import type { OtlpOptions } from "../platform/observability/otlp.ts";
import type { EngineRequest, EngineResponse } from "./engine-routes.ts";
import type { EngineSource } from "./loading.ts";
import type { EngineManifest } from "./manifest.ts";
import type { ShownSettings } from "./operator-settings.ts";
import type { RunnerStats } from "./runner.ts";

/** What a Worker needs to connect for itself. Holds secrets: never logged. */
export interface WorkerConnections {
  database_url: string;
  /** Role its sessions take on when the login is another one. */
  database_role: string | undefined;
  prepare: boolean;
  /** Set where engines may be installed at start. */
  installer_url: string | undefined;
  redis_url: string;
  log_level: LogLevel;
  /** Where traces go; undefined when they go nowhere. */
  otlp: OtlpOptions | undefined;
}

/** From the host to an engine's Worker. */
export type ToWorker =
  | { type: "start"; source: EngineSource; connections: WorkerConnections; owner: string }
  | { type: "request"; id: number; request: EngineRequest }
  | { type: "stats"; id: number }
  | { type: "rebalance" }
  | { type: "stop" };

/** From an engine's Worker to the host. */
export type FromWorker =
  | { type: "loaded" }
  /** Installed; its own `start` comes next. */
  | { type: "starting" }
  | { type: "running"; manifest: EngineManifest; settings: ShownSettings }
  | { type: "failed"; reason: string; permanent: boolean }
  | { type: "response"; id: number; response: EngineResponse }
  | { type: "stats"; id: number; stats: RunnerStats }
  | { type: "stopped" };
