import type { Config } from "../config/config.ts";
import type { Database } from "../platform/database/database.ts";
import type { Log } from "../platform/observability/log.ts";
import type { Metrics } from "../platform/observability/metrics.ts";
import type { Readiness } from "../platform/observability/readiness.ts";
import type { Tracing } from "../platform/observability/tracing.ts";
import type { EventStreams } from "../platform/streams/streams.ts";

/** What the process is made of, handed to every role. */
export interface Parts {
  config: Config;
  log: Log;
  metrics: Metrics;
  readiness: Readiness;
  tracing: Tracing;
  streams: EventStreams;
  /** A database whose work is done as `role`; one pool for each role of the process. */
  open(role: string, max: number, answer_timeout_ms?: number): Promise<OpenedDatabase>;
  close(): Promise<void>;
}

export interface OpenedDatabase {
  database: Database;
  /** Role the sessions take on because the login is another one. */
  session_role: string | undefined;
}

/** The stream every vertical of this binary writes to. */
export const CONSTRUCTION_STREAM = "construction";

/** What there is before anything is connected. */
export type BaseParts = Pick<Parts, "config" | "log" | "metrics" | "readiness" | "tracing">;
