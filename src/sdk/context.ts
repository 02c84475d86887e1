import type { Static } from "typebox";
import type { EmitContracts } from "./emits.ts";
import type { EventEnvelope } from "./events.ts";

/** A row of a query. */
export type Row = Record<string, unknown>;
export type Parameter = string | number | boolean | null;

/**
 * The open transaction of a batch or a request, under the engine's own role. Instants come as RFC 3339 UTC with
 * microseconds, `numeric` and `date` as strings, `bigint` as a safe integer, `json` parsed. Send lists as JSON text
 * (`json_to_recordset($1::text::json)`).
 */
export interface EngineDb {
  query<T extends Row = Row>(sql: string, parameters?: readonly Parameter[]): Promise<T[]>;
}

/** The shop a call is for. */
export interface EngineTenant {
  tenant_id: string;
  slug: string;
  name: string;
  /** IANA name; the shop's days are days of this zone. */
  time_zone: string;
  /** Language of explanations. */
  locale: "pt-BR" | "en";
}

/** The person who asks. */
export interface EngineUser {
  id: string;
  role: "admin" | "seller";
}

export interface EngineLog {
  debug(fields: object, message: string): void;
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
}

/** What a handler of one event gets. `db` sees the rows of the event's tenant only. */
export interface HandlerContext<Config, Emits extends EmitContracts = EmitContracts> {
  db: EngineDb;
  tenant: EngineTenant;
  /** The tenant's configuration of this engine, defaults applied; without what has none and the tenant has not set. */
  config: Config;
  /** 1 for the first time, counted over retries. */
  attempt: number;
  /** True for what was handled before an `engine replay`: what is emitted now was emitted before and is dropped. */
  replaying: boolean;
  emit: Emit<Emits>;
  log: EngineLog;
  /** Aborted when the handler's time is over or the host stops. */
  signal: AbortSignal;
}

/** What a set-based handler gets. `db` sees the engine's rows of every tenant: every statement must name `tenant_id`. */
export interface BatchContext<Config, Emits extends EmitContracts = EmitContracts> {
  db: EngineDb;
  tenantOf(tenant_id: string): Promise<EngineTenant>;
  configOf(tenant_id: string): Promise<Config>;
  /** True while history is read again after `engine replay`: a batch holds only such events, or none. */
  replaying: boolean;
  /** Appends an event that `cause` brought about. */
  emit<T extends keyof Emits & string>(cause: EventEnvelope, event_type: T, payload: Static<Emits[T]["payload"]>): void;
  log: EngineLog;
  signal: AbortSignal;
}

/** Appends an event to the stream named after the engine, in the transaction at hand. */
export type Emit<Emits extends EmitContracts> = <T extends keyof Emits & string>(
  event_type: T,
  payload: Static<Emits[T]["payload"]>,
) => void;

/** What a job gets. No transaction is open: speak to the outside world between them, never inside one. */
export interface JobContext<Config, Emits extends EmitContracts = EmitContracts> {
  /** Runs `work` in a transaction that sees the rows of one tenant; what it emits commits with them. */
  transaction<T>(tenant_id: string, work: (db: EngineDb, emit: Emit<Emits>) => Promise<T>): Promise<T>;
  /** Runs `work` in a transaction that sees the engine's rows of every tenant: to claim what is due. */
  everywhere<T>(work: (db: EngineDb) => Promise<T>): Promise<T>;
  /** Whether the engine is on for a tenant, and how it is configured: jobs must leave the others alone. */
  settingOf(tenant_id: string): Promise<{ enabled: boolean; config: Config }>;
  tenantOf(tenant_id: string): Promise<EngineTenant>;
  log: EngineLog;
  signal: AbortSignal;
}

/** What a route gets besides Elysia's own context. */
export interface RouteContext<Config, Emits extends EmitContracts = EmitContracts> {
  db: EngineDb;
  tenant: EngineTenant;
  user: EngineUser;
  config: Config;
  /** What is emitted commits with what the request writes; nothing is when it is answered with 400 or more. */
  emit: Emit<Emits>;
  log: EngineLog;
}

/** What `reset` gets: a transaction that sees the engine's rows of every tenant, after the derived tables were emptied. */
export interface ResetContext {
  db: EngineDb;
  log: EngineLog;
}
