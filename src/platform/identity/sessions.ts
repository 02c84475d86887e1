import type { Database, Transaction } from "../database/database.ts";
import type { Sessions, Standing } from "../http/gate.ts";
import type { Answer, SessionCache } from "./session-cache.ts";

export interface DatabaseSessionsOptions {
  database: Database;
  /** Database role that may ask: `basecommerce_vertical` or `basecommerce_engines`. */
  role: string;
  cache: SessionCache;
}

/** Sessions stand in Postgres, nowhere else; what the cache says of them is at most seconds old. */
export class DatabaseSessions implements Sessions {
  readonly #options: DatabaseSessionsOptions;
  /** Questions under way: a hundred requests of one session ask the database once. */
  readonly #asked = new Map<string, Promise<Answer>>();

  constructor(options: DatabaseSessionsOptions) {
    this.#options = options;
  }

  async standing(tenant_id: string, session_id: string): Promise<Standing | undefined> {
    const answer = (await this.#options.cache.get(tenant_id, session_id)) ?? (await this.#once(tenant_id, session_id));
    return answer === "ended" ? undefined : answer;
  }

  /** These sessions have ended, and their end is committed. */
  async ended(tenant_id: string, session_ids: readonly string[]): Promise<void> {
    if (session_ids.length > 0) await this.#options.cache.end(tenant_id, session_ids);
  }

  /** The role of these sessions' user has changed, and the change is committed. */
  async changed(tenant_id: string, session_ids: readonly string[]): Promise<void> {
    if (session_ids.length > 0) await this.#options.cache.forget(tenant_id, session_ids);
  }

  async #once(tenant_id: string, session_id: string): Promise<Answer> {
    const known = this.#asked.get(session_id);
    if (known) return await known;
    const asking = this.#ask(tenant_id, session_id).finally(() => this.#asked.delete(session_id));
    this.#asked.set(session_id, asking);
    return await asking;
  }

  async #ask(tenant_id: string, session_id: string): Promise<Answer> {
    const { database, role, cache } = this.#options;
    const [row] = await database.transaction({ role, statement_timeout_ms: 5000 }, (tx) =>
      tx.query<Standing & Record<string, unknown>>("select user_id, role from session_standing($1, $2)", [
        tenant_id,
        session_id,
      ]),
    );
    const answer: Answer = row ? { user_id: row.user_id, role: row.role } : "ended";
    await cache.put(tenant_id, session_id, answer);
    return answer;
  }
}

/** Ends a user's sessions, except one that may be spared; the ids of those that ended. */
export async function endSessionsOf(tx: Transaction, user_id: string, spared: string | null): Promise<string[]> {
  const rows = await tx.query<{ id: string }>(
    `update sessions set revoked_at = now()
     where user_id = $1 and revoked_at is null and id is distinct from $2::uuid returning id`,
    [user_id, spared],
  );
  return rows.map(({ id }) => id);
}

/** Ids of a user's sessions that stand. */
export async function sessionsOf(tx: Transaction, user_id: string): Promise<string[]> {
  const rows = await tx.query<{ id: string }>("select id from sessions where user_id = $1 and revoked_at is null", [
    user_id,
  ]);
  return rows.map(({ id }) => id);
}
