import { hashPassword } from "../auth/password.ts";
import type { Database, Transaction } from "../database/database.ts";
import { once, type Reply } from "../http/idempotency.ts";
import { keysOf, page } from "../http/page.ts";
import { conflict, forbidden, notFound } from "../http/problem.ts";
import type { Tenant } from "../tenancy/tenant.ts";
import type { Actor, UserRole, WorkContext } from "../tenancy/unit-of-work.ts";
import { type DatabaseSessions, endSessionsOf, sessionsOf } from "./sessions.ts";
import { createUser, naming, USER_COLUMNS, type User } from "./user.ts";

export interface UserFilter {
  limit: number;
  cursor?: string | undefined;
  q?: string | undefined;
  role?: UserRole | undefined;
  active?: boolean | undefined;
}

export interface UserChange {
  name?: string | undefined;
  email?: string | undefined;
  role?: UserRole | undefined;
  active?: boolean | undefined;
  password?: string | undefined;
}

export interface UsersParts {
  database: Database;
  role: string;
  sessions: DatabaseSessions;
}

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/** The people of a shop, as its admins manage them. */
export class Users {
  readonly #parts: UsersParts;

  constructor(parts: UsersParts) {
    this.#parts = parts;
  }

  async list(tenant: Tenant, filter: UserFilter): Promise<{ items: User[]; next_cursor: string | null }> {
    const [after = null] = filter.cursor === undefined ? [] : keysOf(filter.cursor, UUID);
    const words = filter.q === undefined || filter.q.trim() === "" ? null : `%${filter.q.replace(/[\\%_]/g, "\\$&")}%`;
    const rows = await this.#run(tenant, (tx) =>
      tx.query<User>(
        `select ${USER_COLUMNS} from users
         where tenant_id = $1 and ($2::uuid is null or id > $2::uuid) and ($3::text is null or role = $3)
           and ($4::boolean is null or active = $4) and ($5::text is null or name ilike $5 or email ilike $5)
         order by id limit $6`,
        [tenant.tenant_id, after, filter.role ?? null, filter.active ?? null, words, filter.limit + 1],
      ),
    );
    return page(rows, filter.limit, (user) => [user.id]);
  }

  /** Adds a user, once for an Idempotency-Key. 409 `email_taken`. */
  async create(
    context: WorkContext,
    given: { name: string; email: string; password: string; role: UserRole },
    key: string | null,
  ): Promise<Reply<User>> {
    const { tenant, actor } = context;
    const { password, ...rest } = given;
    const password_hash = await hashPassword(password);
    // The password stays out of the request's digest: a fast hash of it must not be kept.
    const request = { key, method: "POST", path: "/api/v1/users", body: rest };
    return await this.#run(tenant, (tx) =>
      once({ tx, tenant, actor }, request, async () => {
        const user = await createUser(tx, tenant.tenant_id, { ...rest, password_hash });
        return { status: 201, headers: { location: `/api/v1/users/${user.id}` }, body: user };
      }),
    );
  }

  async get(tenant: Tenant, id: string): Promise<User> {
    const [user] = await this.#run(tenant, (tx) =>
      tx.query<User>(`select ${USER_COLUMNS} from users where tenant_id = $1 and id = $2`, [tenant.tenant_id, id]),
    );
    if (!user) throw notFound("user");
    return user;
  }

  /**
   * Changes a user. A new password and deactivation end the user's sessions, a new role takes effect within seconds.
   * 403 for one's own role, 409 `last_admin` when nobody would be left to manage the shop.
   */
  async change(tenant: Tenant, actor: Actor, id: string, change: UserChange): Promise<User> {
    if (actor.id === id && change.password !== undefined) throw forbidden("change your own password at /auth/password");
    const password_hash = change.password === undefined ? null : await hashPassword(change.password);
    const { user, ended, changed } = await this.#run(tenant, async (tx) => {
      const before = await lockUser(tx, tenant, id);
      if (actor.id === id && change.role !== undefined && change.role !== before.role) {
        throw forbidden("nobody changes their own role; another admin can");
      }
      const after = { role: change.role ?? before.role, active: change.active ?? before.active };
      const wasAdmin = before.role === "admin" && before.active;
      if (wasAdmin && !(after.role === "admin" && after.active)) await requireAnotherAdmin(tx, tenant, id);
      const [user] = await naming(
        tx.query<User>(
          `update users set name = coalesce($3, name), email = coalesce($4, email), role = $5, active = $6,
             password_hash = coalesce($7, password_hash), updated_at = now()
           where tenant_id = $1 and id = $2 returning ${USER_COLUMNS}`,
          [tenant.tenant_id, id, change.name ?? null, change.email ?? null, after.role, after.active, password_hash],
        ),
      );
      if (!user) throw notFound("user");
      const over = !after.active || password_hash !== null;
      const ended = over ? await endSessionsOf(tx, id, null) : [];
      const changed = !over && after.role !== before.role ? await sessionsOf(tx, id) : [];
      return { user, ended, changed };
    });
    await this.#parts.sessions.ended(tenant.tenant_id, ended);
    await this.#parts.sessions.changed(tenant.tenant_id, changed);
    return user;
  }

  async #run<T>(tenant: Tenant, work: (tx: Transaction) => Promise<T>): Promise<T> {
    const { database, role } = this.#parts;
    return await database.transaction({ role, tenant_id: tenant.tenant_id, statement_timeout_ms: 15_000 }, work);
  }
}

/** The shop's row first: changes of a shop's users happen one after the other, so that two admins cannot both go. */
async function lockUser(tx: Transaction, tenant: Tenant, id: string): Promise<User> {
  await tx.query("select 1 from tenants where tenant_id = $1 for no key update", [tenant.tenant_id]);
  const [user] = await tx.query<User>(
    `select ${USER_COLUMNS} from users where tenant_id = $1 and id = $2 for no key update`,
    [tenant.tenant_id, id],
  );
  if (!user) throw notFound("user");
  return user;
}

async function requireAnotherAdmin(tx: Transaction, tenant: Tenant, id: string): Promise<void> {
  const others = await tx.query(
    "select 1 from users where tenant_id = $1 and id <> $2 and role = 'admin' and active limit 1",
    [tenant.tenant_id, id],
  );
  if (others.length === 0) throw conflict("last_admin", "the shop's last active admin must stay one");
}
