import type { AnyElysia } from "elysia";
import type { Static, TObject } from "typebox";
import type { BatchContext, HandlerContext } from "./context.ts";
import type { EventOf, EventType, StreamName } from "./events.ts";
import type { EngineApp } from "./routes.ts";

/** Handlers for single events of one stream, by event type. Each runs in seq order, in the transaction of its batch. */
export type EventHandlers<S extends StreamName, Config> = {
  [T in EventType<S>]?: (event: EventOf<S, T>, ctx: HandlerContext<Config>) => Promise<void>;
};

/** One call for a whole batch: all events of the subscribed types that were read, in order, of every tenant. */
export interface BatchHandler<S extends StreamName, Config> {
  event_types: readonly EventType<S>[];
  batch(events: readonly EventOf<S>[], ctx: BatchContext<Config>): Promise<void>;
}

export type Subscription<S extends StreamName, Config> = EventHandlers<S, Config> | BatchHandler<S, Config>;

/** A step of the engine's own schema. Run once, by the owner, with the engine's schema as the search path. */
export interface EngineMigration {
  /** Sorts by name, e.g. `0001_levels`. Never edited once released. */
  id: string;
  up: string;
}

export interface EngineDefinition<ConfigSchema extends TObject = TObject> {
  /** a-z, 0-9 and hyphens, starting with a letter: also the folder, the API prefix and the schema (`engine_<name>`). */
  name: string;
  /** Semantic version. */
  version: string;
  /** One sentence. */
  description: string;
  /** Configuration per tenant; every property needs a default. */
  config?: ConfigSchema;
  /** On for tenants that said nothing. True unless given. */
  default_enabled?: boolean;
  migrations?: readonly EngineMigration[];
  /** Where a new installation begins to read: the whole history, or what comes from now on. */
  from: "beginning" | "now";
  subscriptions: { [S in StreamName]?: Subscription<S, Static<ConfigSchema>> };
  /** Events read at a time from each partition, 1–5000. 500 unless given. */
  batch_size?: number;
  /** Milliseconds one handler call may take. 10000 unless given. */
  handler_timeout_ms?: number;
  /** Served at `/api/v1/engines/<name>`; each request runs in a transaction of its tenant under the engine's role. */
  routes?: (app: EngineApp<Static<ConfigSchema>>) => AnyElysia;
}

/** Declares an engine. Only gives the types a hold; the host checks the definition when it loads it. */
export function defineEngine<ConfigSchema extends TObject>(
  definition: EngineDefinition<ConfigSchema>,
): EngineDefinition<ConfigSchema> {
  return definition;
}
