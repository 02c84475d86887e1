import type { AnyElysia } from "elysia";
import type { Static, TObject } from "typebox";
import type { BatchContext, HandlerContext, JobContext, ResetContext } from "./context.ts";
import type { EmitContracts } from "./emits.ts";
import type { EventOf, EventType, StreamName } from "./events.ts";
import type { EngineApp } from "./routes.ts";
import type { OperatorSettings } from "./settings.ts";

/** Handlers for single events of one stream, by event type. Each runs in seq order, in the transaction of its batch. */
export type EventHandlers<S extends StreamName, Config, Emits extends EmitContracts> = {
  [T in EventType<S>]?: (event: EventOf<S, T>, ctx: HandlerContext<Config, Emits>) => Promise<void>;
};

/** One call for a whole batch: all events of the subscribed types that were read, in order, of every tenant. */
export interface BatchHandler<S extends StreamName, Config, Emits extends EmitContracts> {
  event_types: readonly EventType<S>[];
  batch(events: readonly EventOf<S>[], ctx: BatchContext<Config, Emits>): Promise<void>;
}

export type Subscription<S extends StreamName, Config, Emits extends EmitContracts> =
  | EventHandlers<S, Config, Emits>
  | BatchHandler<S, Config, Emits>;

/** A step of the engine's own schema. Run once, by the owner, with the engine's schema as the search path. */
export interface EngineMigration {
  /** Sorts by name, e.g. `0001_levels`. Never edited once released. */
  id: string;
  up: string;
}

/** What becomes of an event whose handler throws: tried again with growing pauses, then dead. */
export interface RetryPolicy {
  /** Attempts in all, the first included. 10 unless given. */
  attempts?: number;
  /** Pause after the first failure; doubled each time, with jitter. 1000 unless given. */
  first_pause_ms?: number;
  /** Longest pause. 3600000 unless given. */
  longest_pause_ms?: number;
}

/** Work with the outside world, on a clock; one host at a time runs it. */
export type EngineJob<Config, Emits extends EmitContracts = EmitContracts> = (
  | { every: string; cron?: never }
  | { cron: string; every?: never }
) & {
  /** Milliseconds one run may take. 60000 unless given. */
  timeout_ms?: number;
  run(ctx: JobContext<Config, Emits>): Promise<void>;
};

export interface EngineDefinition<ConfigSchema extends TObject = TObject, Emits extends EmitContracts = EmitContracts> {
  /** a-z, 0-9 and hyphens, starting with a letter: also the folder, the API prefix and the schema (`engine_<name>`). */
  name: string;
  /** Semantic version. */
  version: string;
  /** One sentence. */
  description: string;
  /** Major version of the SDK the engine was written for. 1 unless given. */
  sdk?: number;
  /** Configuration per tenant. The engine is off for a tenant that has not set what has no default. */
  config?: ConfigSchema;
  /** On for tenants that said nothing. True unless given. */
  default_enabled?: boolean;
  migrations?: readonly EngineMigration[];
  /** Tables that hold what people entered; a replay empties all others. */
  tables?: { kept: readonly string[] };
  /** Where a new installation begins to read: the whole history, or what comes from now on. */
  from: "beginning" | "now";
  subscriptions: { [S in StreamName]?: Subscription<S, Static<ConfigSchema>, Emits> };
  /** Event types this engine publishes to the stream of its own name. */
  emits?: Emits;
  /** Events of each partition handled at a time, at most, 1–5000; fewer where that would take longer than half a second. 500 unless given. */
  batch_size?: number;
  /**
   * Handlers of single events that may run at a time, for different keys of one shop, 1–100. They share a transaction, so
   * more than 1 is only for handlers that read nothing another key's handler writes. 1 unless given.
   */
  concurrency?: number;
  /** Milliseconds one handler call may take. 10000 unless given. */
  handler_timeout_ms?: number;
  retry?: RetryPolicy;
  /** "strict" keeps a key waiting behind a dead event until somebody decides; "released" lets it go on. */
  ordered?: "released" | "strict";
  jobs?: Readonly<Record<string, EngineJob<Static<ConfigSchema>, Emits>>>;
  /** Served at `/api/v1/engines/<name>`; each request runs in a transaction of its tenant under the engine's role. */
  routes?: (app: EngineApp<Static<ConfigSchema>, Emits>) => AnyElysia;
  /**
   * Bytes a body may have at routes that take more than the platform's 1 MB, by method and path as the route is written;
   * 8 MB at most. What is longer is answered with 413, unread.
   */
  body_limits?: Readonly<Record<`${"POST" | "PUT" | "PATCH"} /${string}`, number>>;
  /** What operators set in a host's environment; read and checked when the engine is loaded. */
  settings?: OperatorSettings;
  /** Called once before the first batch. */
  start?: () => Promise<void>;
  /** Called once after the last batch. */
  stop?: () => Promise<void>;
  /** Called in the transaction that emptied the derived tables for a replay. */
  reset?: (ctx: ResetContext) => Promise<void>;
}

/** Declares an engine. Only gives the types a hold; the host checks the definition when it loads it. */
export function defineEngine<ConfigSchema extends TObject, Emits extends EmitContracts = Record<never, never>>(
  definition: EngineDefinition<ConfigSchema, Emits>,
): EngineDefinition<ConfigSchema, Emits> {
  return definition;
}
