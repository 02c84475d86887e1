import type { Environment } from "../config/config.ts";
import type { Database, Transaction } from "../platform/database/database.ts";
import { OWNER } from "../platform/database/roles.ts";
import { notFound } from "../platform/http/problem.ts";
import { DatabaseSessions, MemorySessionCache } from "../platform/identity/index.ts";
import { Users } from "../platform/identity/users.ts";
import { type Tenant, Tenants } from "../platform/tenancy/tenant.ts";
import type { Actor } from "../platform/tenancy/unit-of-work.ts";
import { withDatabase } from "./owner-database.ts";

/** Who acts on the command line: none of any shop's people. */
export const OPERATOR: Actor = { id: "00000000-0000-0000-0000-000000000000", role: "admin" };

/** Shops and people, under the role that owns them all. */
export class Administration {
  readonly users: Users;
  readonly #database: Database;
  readonly #tenants: Tenants;

  constructor(database: Database) {
    this.#database = database;
    this.#tenants = new Tenants(database, OWNER);
    // Running processes keep answers about sessions for seconds in caches of their own; then they ask the database.
    const sessions = new DatabaseSessions({ database, role: OWNER, cache: new MemorySessionCache() });
    this.users = new Users({ database, role: OWNER, sessions });
  }

  async transaction<T>(work: (tx: Transaction) => Promise<T>): Promise<T> {
    return await this.#database.transaction({ role: OWNER, statement_timeout_ms: 30_000 }, work);
  }

  /** The shop, suspended or not. 404 when there is none. */
  async tenant(slug: string): Promise<Tenant> {
    const tenant = await this.#tenants.bySlug(slug);
    if (!tenant) throw notFound(`shop ${slug}`);
    return tenant;
  }
}

/** Runs `work` on the database that a command's flags or the environment name, and closes it. */
export async function administer(
  flags: Readonly<Record<string, unknown>>,
  environment: Environment,
  work: (administration: Administration) => Promise<void>,
): Promise<void> {
  await withDatabase(flags, environment, (database) => work(new Administration(database)));
}
