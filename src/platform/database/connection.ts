import postgres from "postgres";
import type { Parameter, Row } from "./database.ts";
import { codeOf } from "./errors.ts";
import { instantFromText, integerFromText, OID } from "./wire.ts";

const asIs = (value: string) => value;

/** The server's answer never came: the peer is gone and its kernel has not said so (power loss, cut link). */
class AnswerTimeout extends Error {
  readonly code = "CONNECTION_CLOSED";
  constructor(milliseconds: number) {
    super(`the database has not answered for ${milliseconds} ms`);
  }
}

/** The session ended before the server had answered. */
class SessionLost extends Error {
  readonly code = "CONNECTION_CLOSED";
  constructor() {
    super("the connection to the database was lost");
  }
}

const CANCELLED = "57014";

/** Statements a session prepares at most, and the characters of each: the server and the driver keep them to its end. */
const MAX_PREPARED = 1000;
const LONGEST_PREPARED = 16_384;

/** A statement to be prepared before it is needed, with parameters of the types it will have. */
export interface Foreseen {
  sql: string;
  parameters: readonly Parameter[];
}

export interface ConnectionOptions {
  url: string;
  application_name: string;
  role: string | undefined;
  /** False behind a transaction pool (PgBouncer and the like). */
  prepare: boolean;
  /** Milliseconds without any answer to a statement after which the connection is given up. */
  answer_timeout_ms: number;
  /**
   * Prepared before anything else is sent. Preparing takes a round trip with the statement's locks in hand, and no limit
   * of the server's ends a transaction whose client falls silent in it.
   */
  foreseen: readonly Foreseen[];
  /** Settings of the server that the session is to have; not behind a transaction pool. */
  settings: Readonly<Record<string, string>>;
}

/**
 * One connection to PostgreSQL that knows when it was lost.
 *
 * The driver reconnects by itself and would run the rest of an interrupted transaction on the new session, outside any
 * transaction, tenant and role. So every connection is a driver instance of its own, and what it lost is counted: each
 * loss raises `losses` and cancels what was not sent yet. A transaction that began before a loss sends nothing more.
 */
export class Connection {
  losses = 0;
  readonly #options: ConnectionOptions;
  readonly #pending = new Set<postgres.PendingQuery<Row[]>>();
  /** What was cancelled because the session was lost. */
  readonly #cut = new WeakSet<postgres.PendingQuery<Row[]>>();
  /** What this session has prepared, or is about to. */
  readonly #prepared = new Set<string>();
  #driver: postgres.Sql;
  /** Settles when what is foreseen is prepared, with the reason where there is no session. */
  #beginning: Promise<unknown> | undefined;

  constructor(options: ConnectionOptions) {
    this.#options = options;
    this.#driver = this.#connect();
  }

  /** Whether statements are prepared once for the session and then only named. */
  get prepares(): boolean {
    return this.#options.prepare;
  }

  async query(sql: string, parameters: readonly Parameter[]): Promise<Row[]> {
    this.#begin();
    return await this.#run(this.#statement(sql, parameters));
  }

  async values(sql: string, parameters: readonly Parameter[]): Promise<unknown[][]> {
    this.#begin();
    const query = this.#statement(sql, parameters);
    this.#pending.add(query);
    return await this.#settle(query, query.values());
  }

  /** Statements without parameters in one message: one round trip for all of them. */
  async simple(sql: string, answer_timeout_ms = this.#options.answer_timeout_ms): Promise<void> {
    this.#begin();
    const query = this.#driver.unsafe<Row[]>(sql).simple();
    this.#pending.add(query);
    await this.#settle(query, query, answer_timeout_ms);
  }

  async close(seconds = 5): Promise<void> {
    await this.#driver.end({ timeout: seconds });
  }

  /** Once for a session, with the first statement: a server that is away is not asked before somebody needs it. */
  #begin(): void {
    if (this.#beginning) return;
    const foreseen = this.#options.prepare ? this.#options.foreseen : [];
    const preparing = foreseen.map(({ sql, parameters }) =>
      this.#driver.unsafe(sql, [...parameters], { prepare: true }).describe(),
    );
    this.#beginning = Promise.all(preparing).then(
      () => undefined,
      // What is wrong with a statement, it will say itself.
      (error: unknown) => (codeOf(error)?.startsWith("42") ? undefined : error),
    );
  }

  /** One statement: by itself the driver sends what has no parameters as a script, in which anybody can end the transaction. */
  #statement(sql: string, parameters: readonly Parameter[]): postgres.PendingQuery<Row[]> {
    const prepare = this.#options.prepare && parameters.length > 0 && this.#mayPrepare(sql);
    // The driver looks at it; its types do not say so.
    const options: { prepare: boolean } = { prepare, ...{ simple: false } };
    return this.#driver.unsafe<Row[]>(sql, [...parameters], options);
  }

  /** False for what would only fill the server's memory: a text that is made anew for each call comes once. */
  #mayPrepare(sql: string): boolean {
    if (this.#prepared.has(sql)) return true;
    if (this.#prepared.size >= MAX_PREPARED || sql.length > LONGEST_PREPARED) return false;
    this.#prepared.add(sql);
    return true;
  }

  async #run(query: postgres.PendingQuery<Row[]>): Promise<Row[]> {
    this.#pending.add(query);
    return await this.#settle(query, query);
  }

  async #settle<T>(
    query: postgres.PendingQuery<Row[]>,
    answer: PromiseLike<T>,
    limit = this.#options.answer_timeout_ms,
  ): Promise<T> {
    let timer: ReturnType<typeof setTimeout> | undefined;
    const silence = new Promise<never>((_, reject) => {
      timer = setTimeout(() => {
        reject(new AnswerTimeout(limit));
        this.#startAnew();
      }, limit);
    });
    const beginning = this.#beginning;
    try {
      return await Promise.race([answer, silence]);
    } catch (error) {
      if (!this.#cut.has(query)) throw error;
      // Who came first hears why there is no session, those behind only that they were cancelled: as if they took too long.
      throw (await beginning) ?? (codeOf(error) === CANCELLED ? new SessionLost() : error);
    } finally {
      clearTimeout(timer);
      this.#pending.delete(query);
    }
  }

  #lost(): void {
    for (const query of this.#pending) {
      this.#cut.add(query);
      query.cancel();
    }
    this.#startAnew();
  }

  /** A new driver, too: the old one would give the last error of the lost session to the first query of the next. */
  #startAnew(): void {
    const old = this.#driver;
    this.losses++;
    this.#pending.clear();
    this.#prepared.clear();
    this.#beginning = undefined;
    this.#driver = this.#connect();
    old.end({ timeout: 0 }).catch(() => undefined);
  }

  #connect(): postgres.Sql {
    const driver: postgres.Sql = postgres(this.#options.url, {
      max: 1,
      idle_timeout: 0,
      max_lifetime: 0,
      connect_timeout: 5,
      keep_alive: 5,
      fetch_types: false,
      onnotice: () => undefined,
      onclose: () => {
        if (driver === this.#driver) this.#lost();
      },
      connection: {
        application_name: this.#options.application_name,
        TimeZone: "UTC",
        ...(this.#options.prepare ? this.#options.settings : {}),
        ...(this.#options.role === undefined ? {} : { role: this.#options.role }),
      },
      types: {
        instant: { to: OID.timestamptz, from: [OID.timestamptz], serialize: asIs, parse: instantFromText },
        day: { to: OID.date, from: [OID.date, OID.timestamp], serialize: asIs, parse: asIs },
        integer: { to: OID.int8, from: [OID.int8], serialize: String, parse: integerFromText },
        json: { to: OID.json, from: [OID.json], serialize: asIs, parse: JSON.parse },
        jsonb: { to: OID.jsonb, from: [OID.jsonb], serialize: asIs, parse: JSON.parse },
      },
    });
    return driver;
  }
}
