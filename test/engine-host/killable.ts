import type { Database, Row, Scope, Transaction } from "../../src/platform/database/database.ts";
import { PostgresDatabase } from "../../src/platform/database/postgres.ts";
import { withSession } from "../harness/session.ts";

class Dead extends Error {
  readonly code = "CONNECTION_CLOSED";
}

/** A host's database that can be made to vanish under it, as a kill -9 does: what was open is cut, nothing more is sent. */
export class KillableDatabase implements Database {
  readonly kind = "postgres";
  readonly #inner: PostgresDatabase;
  readonly #name: string;
  readonly #admin: string;
  #dead = false;

  constructor(url: string, admin: string, name: string) {
    this.#inner = new PostgresDatabase({ url, application_name: name, max: 3 });
    this.#admin = admin;
    this.#name = name;
  }

  get losses(): number {
    return this.#inner.losses;
  }

  async transaction<T>(scope: Scope, work: (tx: Transaction) => Promise<T>): Promise<T> {
    this.#check();
    return await this.#inner.transaction(scope, async (tx) => {
      const result = await work(tx);
      // Death just before COMMIT.
      this.#check();
      return result;
    });
  }

  async query<T extends Row>(sql: string, parameters?: readonly (string | number | boolean | null)[]): Promise<T[]> {
    this.#check();
    return await this.#inner.query<T>(sql, parameters);
  }

  /** Cuts all its connections; it may open new ones. */
  async cut(): Promise<void> {
    await withSession(
      this.#admin,
      (sql) => sql`
        select pg_terminate_backend(pid) from pg_stat_activity
        where application_name = ${this.#name} and datname = current_database()`,
    );
  }

  async kill(): Promise<void> {
    this.#dead = true;
    await this.cut();
  }

  async close(): Promise<void> {
    await this.#inner.close();
  }

  #check(): void {
    if (this.#dead) throw new Dead("this host is dead");
  }
}
