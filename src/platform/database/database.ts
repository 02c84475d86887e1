export type Row = Record<string, unknown>;
export type Parameter = string | number | boolean | null;

/**
 * One open transaction. Handlers receive this and never the pool: a query beside the transaction would run on another
 * connection, outside the tenant.
 *
 * Values come back as the wire has them: `timestamptz` as RFC 3339 UTC with microseconds, `numeric` and `date` as
 * strings, `bigint` as a safe integer, `json` parsed.
 */
export interface Transaction {
  query<T extends Row = Row>(sql: string, parameters?: readonly Parameter[]): Promise<T[]>;
  /** The same, each row as an array of its columns. */
  values(sql: string, parameters?: readonly Parameter[]): Promise<unknown[][]>;
  /**
   * The transaction's last statement: COMMIT travels right behind it instead of waiting for its answer. When it fails,
   * the transaction is rolled back and rejects with the failure. Nothing can be sent after it but another last one, which
   * travels right behind it as well.
   */
  last(sql: string, parameters?: readonly Parameter[]): void;
  /** Several statements at once, without parameters or results: migrations. */
  script(sql: string): Promise<void>;
  /** Binds the rest of the transaction to another scope; what `scope` leaves out stays as it is. */
  bind(scope: Scope): Promise<void>;
}

/** What a transaction is bound to, set in one round trip before its first statement and gone with it. */
export interface Scope {
  /** Database role the work is done under; none means the login itself (only for the platform's own tables). */
  role?: string;
  /** Tenant that row-level security lets through; none means no tenant's rows are visible. */
  tenant_id?: string;
  /** Schema in which unqualified names are looked up. */
  schema?: string;
  /** Milliseconds the transaction may stand idle before the server ends it. */
  idle_timeout_ms?: number;
  /** Milliseconds one statement may take. */
  statement_timeout_ms?: number;
  /** All statements see the database as it was at the first one, and none may change it. */
  snapshot?: true;
  /** Others' statements run in it: what they set for the session, its role too, ends with the transaction. */
  lent?: true;
  /** False keeps the server from compiling queries: with an estimate that is far off that takes longer than they run. */
  jit?: false;
}

/**
 * A database that runs transactions. Two implementations, PostgreSQL and PGlite, pass one contract suite.
 *
 * `transaction` commits when `work` resolves and rolls back when it rejects. A connection lost at COMMIT rejects: the
 * outcome is unknown then, and the caller must be able to repeat (idempotency key, engine position).
 */
export interface Database {
  readonly kind: "postgres" | "pglite";
  /** How many connections were lost so far: whoever keeps state between statements compares it and looks again. */
  readonly losses: number;
  transaction<T>(scope: Scope, work: (tx: Transaction) => Promise<T>): Promise<T>;
  /** A single statement under the login, in a transaction of its own: for the platform's control tables. */
  query<T extends Row = Row>(sql: string, parameters?: readonly Parameter[]): Promise<T[]>;
  close(): Promise<void>;
}
