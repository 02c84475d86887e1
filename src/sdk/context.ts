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
export interface HandlerContext<Config> {
  db: EngineDb;
  /** The tenant's configuration of this engine, defaults applied. */
  config: Config;
  log: EngineLog;
  /** Aborted when the handler's time is over or the host stops. */
  signal: AbortSignal;
}

/** What a set-based handler gets. `db` sees the engine's rows of every tenant: every statement must name `tenant_id`. */
export interface BatchContext<Config> {
  db: EngineDb;
  configOf(tenant_id: string): Promise<Config>;
  log: EngineLog;
  signal: AbortSignal;
}

/** What a route gets besides Elysia's own context. */
export interface RouteContext<Config> {
  db: EngineDb;
  tenant: EngineTenant;
  user: EngineUser;
  config: Config;
  log: EngineLog;
}
