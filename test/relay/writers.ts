import postgres from "postgres";
import { PostgresDatabase } from "../../src/platform/database/postgres.ts";
import { VERTICAL } from "../../src/platform/database/roles.ts";
import { appendEvents } from "../../src/platform/events/ledger.ts";

const TENANTS = 20;
export const PARTITIONS = 4;

/** An error by which a writer changes its mind. */
class RolledBack extends Error {}

/**
 * Writers of events on a real database: each commits, rolls back, stalls inside its transaction or is killed by the
 * server, at random, until stopped.
 */
export class Writers {
  readonly #database: PostgresDatabase;
  readonly #admin: postgres.Sql;
  readonly #partitions: number;
  #stopping = false;
  #running: Promise<unknown> = Promise.resolve();

  constructor(urls: { admin: string; vertical: string }, count: number, partitions = PARTITIONS) {
    this.#partitions = partitions;
    this.#database = new PostgresDatabase({ url: urls.vertical, application_name: "writer", max: count });
    this.#admin = postgres(urls.admin, { max: 1, fetch_types: false, onnotice: () => undefined });
    this.#running = Promise.all(Array.from({ length: count }, () => this.#write()));
  }

  async stop(): Promise<void> {
    this.#stopping = true;
    await this.#running;
    await this.#database.close();
    await this.#admin.end();
  }

  async #write(): Promise<void> {
    while (!this.#stopping) {
      const fate = Math.random();
      try {
        const tenant = Math.floor(Math.random() * TENANTS);
        const tenant_id = `00000000-0000-4000-8000-${String(tenant).padStart(12, "0")}`;
        await this.#database.transaction({ role: VERTICAL, tenant_id }, async (tx) => {
          const [session] = await tx.query<{ pid: number }>("select pg_backend_pid() as pid");
          const count = 1 + Math.floor(Math.random() * 3);
          await appendEvents(
            tx,
            Array.from({ length: count }, () => this.#event(tenant, tenant_id)),
          );
          if (fate < 0.1) throw new RolledBack();
          if (fate < 0.3) await Bun.sleep(Math.random() * 60);
          if (fate > 0.97 && session) await this.#admin`select pg_terminate_backend(${session.pid})`;
        });
      } catch (error) {
        if (!(error instanceof RolledBack)) await Bun.sleep(5);
      }
      await Bun.sleep(Math.random() * 8);
    }
  }

  #event(tenant: number, tenant_id: string) {
    return {
      event_id: Bun.randomUUIDv7(),
      tenant_id,
      stream: "construction",
      partition: tenant % this.#partitions,
      event_type: "stock_updated",
      version: 1,
      key: `product ${tenant}`,
      payload: { text: "x".repeat(Math.floor(Math.random() * 200)) },
      occurred_at: "2026-01-31T12:00:00.000000Z",
      trace: null,
      causation_id: null,
      hops: 0,
    };
  }
}
