import type { Database } from "./database.ts";

/**
 * A name that one owner holds for some seconds by the database's clock, and keeps by asking again. It saves work; it
 * must not be what correctness hangs on, because an owner that was stopped does not know that its time is over.
 */
export class Lease {
  readonly #database: Database;
  readonly #name: string;
  readonly #owner: string;
  readonly #seconds: number;

  constructor(database: Database, name: string, owner: string, seconds: number) {
    this.#database = database;
    this.#name = name;
    this.#owner = owner;
    this.#seconds = seconds;
  }

  /** Takes or keeps the lease; false while somebody else holds it. */
  async hold(): Promise<boolean> {
    const rows = await this.#database.query(
      `insert into lease as l (name, owner, lease_until)
       values ($1, $2, clock_timestamp() + make_interval(secs => $3))
       on conflict (name) do update set owner = excluded.owner, lease_until = excluded.lease_until
         where l.owner = excluded.owner or l.lease_until < clock_timestamp()
       returning 1`,
      [this.#name, this.#owner, this.#seconds],
    );
    return rows.length > 0;
  }

  /** Gives the lease up, so that the next one need not wait for its end. */
  async release(): Promise<void> {
    await this.#database.query("delete from lease where name = $1 and owner = $2", [this.#name, this.#owner]);
  }
}
