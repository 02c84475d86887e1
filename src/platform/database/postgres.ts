import { Connection, type Foreseen } from "./connection.ts";
import type { Database, Parameter, Row, Scope, Transaction } from "./database.ts";
import { AS_OPENED, bindingOf, preparedBindingOf } from "./scope.ts";

export interface PostgresOptions {
  url: string;
  application_name: string;
  /** Connections at most; they are opened when needed and kept. */
  max: number;
  /** Role every session takes on; for a login that is not the role itself (development). */
  role?: string;
  /** False behind a transaction pool. */
  prepare?: boolean;
  /** Milliseconds without an answer after which a connection is given up; greater than any statement timeout. */
  answer_timeout_ms?: number;
  /** Milliseconds a transaction that failed is given to be rolled back; then its connection is given up instead. */
  rollback_timeout_ms?: number;
  /** Statements every session prepares when it begins, so that no transaction has to. */
  foreseen?: readonly Foreseen[];
  /** Settings of the server for every session. */
  settings?: Readonly<Record<string, string>>;
}

/** A statement whose caller was given up goes on for as long as its own limit says, if nobody took that away. */
const ROLLBACK_MS = 10_000;

class ConnectionLost extends Error {
  readonly code = "CONNECTION_CLOSED";
  constructor() {
    super("the connection to the database was lost inside a transaction");
  }
}

/** Something was still asked for when its process had already let go of the database. */
class DatabaseClosed extends Error {
  readonly code = "CONNECTION_ENDED";
  constructor() {
    super("the database was closed here");
  }
}

class PostgresTransaction implements Transaction {
  readonly #connection: Connection;
  readonly #losses: number;
  #state: "open" | "ending" | "over" = "open";
  #last: Promise<unknown> = Promise.resolve();

  constructor(connection: Connection) {
    this.#connection = connection;
    this.#losses = connection.losses;
  }

  get lost(): boolean {
    return this.#connection.losses !== this.#losses;
  }

  async query<T extends Row>(sql: string, parameters: readonly Parameter[] = []): Promise<T[]> {
    this.#check();
    return (await this.#connection.query(sql, parameters)) as T[];
  }

  async values(sql: string, parameters: readonly Parameter[] = []): Promise<unknown[][]> {
    this.#check();
    return await this.#connection.values(sql, parameters);
  }

  last(sql: string, parameters: readonly Parameter[] = []): void {
    if (this.#state !== "ending") this.#check();
    this.#state = "ending";
    const answer = unheeded(this.#connection.query(sql, parameters));
    // Whoever ends the transaction waits for it. What fails behind a failure says only that.
    this.#last = unheeded(this.#last.then(() => answer));
  }

  /** Settles when the last statements are answered, with the first failure among them. */
  get lastAnswer(): Promise<unknown> {
    return this.#last;
  }

  async script(sql: string): Promise<void> {
    this.#check();
    await this.#connection.simple(sql);
  }

  async bind(scope: Scope): Promise<void> {
    const binding = bindingOf(scope);
    const prepared = this.#connection.prepares ? preparedBindingOf(scope) : undefined;
    if (prepared) await this.query(prepared.sql, prepared.parameters);
    else if (binding !== "") await this.script(binding);
  }

  end(): void {
    this.#state = "over";
  }

  #check(): void {
    if (this.#state !== "open") throw new Error("this transaction has ended; its handle must not be kept");
    if (this.lost) throw new ConnectionLost();
  }
}

/** PostgreSQL 15 or newer through the `postgres` driver. */
export class PostgresDatabase implements Database {
  readonly kind = "postgres";
  readonly #connections: Connection[] = [];
  readonly #idle: Connection[] = [];
  readonly #waiting: PromiseWithResolvers<Connection>[] = [];
  readonly #options: PostgresOptions;
  #closed = false;

  constructor(options: PostgresOptions) {
    this.#options = options;
  }

  /** How the pool stands: connections opened, at work, and callers that wait for one. */
  get use(): { open: number; busy: number; waiting: number; max: number } {
    return {
      open: this.#connections.length,
      busy: this.#connections.length - this.#idle.length,
      waiting: this.#waiting.length,
      max: this.#options.max,
    };
  }

  get losses(): number {
    return this.#connections.reduce((sum, connection) => sum + connection.losses, 0);
  }

  async transaction<T>(scope: Scope, work: (tx: Transaction) => Promise<T>): Promise<T> {
    const { rollback_timeout_ms = ROLLBACK_MS } = this.#options;
    const connection = await this.#take();
    try {
      // One message; not awaited, so that the first statement travels right behind it.
      const begun = connection.simple(`begin; ${bindingOf(scope)}`);
      const tx = new PostgresTransaction(connection);
      try {
        const [result] = await Promise.all([guarded(() => work(tx)), begun]);
        tx.end();
        if (tx.lost) throw new ConnectionLost();
        const committed = unheeded(connection.simple(scope.lent ? `${AS_OPENED}; commit` : "commit"));
        // After a failed last statement the server takes COMMIT for ROLLBACK.
        await tx.lastAnswer;
        await committed;
        return result;
      } catch (error) {
        tx.end();
        await begun.catch(() => undefined);
        // What was lost is rolled back by the server; on the new session there is nothing of ours.
        if (!tx.lost) await connection.simple("rollback", rollback_timeout_ms).catch(() => undefined);
        throw error;
      }
    } finally {
      this.#release(connection);
    }
  }

  async query<T extends Row>(sql: string, parameters: readonly Parameter[] = []): Promise<T[]> {
    const connection = await this.#take();
    try {
      return (await connection.query(sql, parameters)) as T[];
    } finally {
      this.#release(connection);
    }
  }

  async close(): Promise<void> {
    this.#closed = true;
    for (const { reject } of this.#waiting.splice(0)) reject(new DatabaseClosed());
    await Promise.all(this.#connections.map((connection) => connection.close()));
  }

  async #take(): Promise<Connection> {
    // A connection that was ended opens another one when it is used.
    if (this.#closed) throw new DatabaseClosed();
    const idle = this.#idle.pop();
    if (idle) return idle;
    if (this.#connections.length < this.#options.max) {
      const connection = new Connection({
        url: this.#options.url,
        application_name: this.#options.application_name,
        role: this.#options.role,
        prepare: this.#options.prepare ?? true,
        answer_timeout_ms: this.#options.answer_timeout_ms ?? 60_000,
        foreseen: this.#options.foreseen ?? [],
        settings: this.#options.settings ?? {},
      });
      this.#connections.push(connection);
      return connection;
    }
    const free = Promise.withResolvers<Connection>();
    this.#waiting.push(free);
    return await free.promise;
  }

  #release(connection: Connection): void {
    const next = this.#waiting.shift();
    if (next) next.resolve(connection);
    else this.#idle.push(connection);
  }
}

/** The same promise; that it fails is not unhandled until somebody waits for it. */
function unheeded<T>(promise: Promise<T>): Promise<T> {
  promise.catch(() => undefined);
  return promise;
}

/** Runs `work` so that a synchronous throw is a rejection too. */
async function guarded<T>(work: () => Promise<T>): Promise<T> {
  return await work();
}
