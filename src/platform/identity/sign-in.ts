import { hashPassword, verifyPassword } from "../auth/password.ts";
import type { AccessTokens } from "../auth/tokens.ts";
import type { Database, Scope, Transaction } from "../database/database.ts";
import { Problem, unprocessable } from "../http/problem.ts";
import type { Log } from "../observability/log.ts";
import type { Tenant } from "../tenancy/tenant.ts";
import type { LoginLimits } from "./login-limits.ts";
import { digestOf, formatRefreshToken, newSecret, parseRefreshToken } from "./refresh-token.ts";
import { type DatabaseSessions, endSessionsOf } from "./sessions.ts";
import { USER_COLUMNS, type User } from "./user.ts";

/** What signing in and refreshing answer. */
export interface Tokens {
  access_token: string;
  token_type: "Bearer";
  /** Seconds the access token lives. */
  expires_in: number;
  refresh_token: string;
  user: User;
}

export interface SignInParts {
  database: Database;
  /** Database role the work is done under. */
  role: string;
  tokens: AccessTokens;
  sessions: DatabaseSessions;
  limits: LoginLimits;
  log: Log;
  /** Days after its last refresh on which a session ends. */
  session_days?: number;
}

interface Turn extends Record<string, unknown> {
  user_id: string;
  family_digest: string;
  turn_digest: string;
}

/** A user's live sessions at most: a script that signs in every minute must not pile up rows. */
const MAX_SESSIONS = 100;

/** Signing in and out: sessions, their tokens, the password. */
export class SignIn {
  readonly #parts: SignInParts;
  readonly #days: number;

  constructor(parts: SignInParts) {
    this.#parts = parts;
    this.#days = parts.session_days ?? 30;
  }

  /** 401 for an unknown user as for a wrong password, after the same time; 429 after too many. */
  async login(tenant: Tenant, given: { email: string; password: string }, address: string): Promise<Tokens> {
    const attempt = await this.#parts.limits.attempt(tenant.tenant_id, given.email, address);
    const [user] = await this.#run(tenant, (tx) =>
      tx.query<User & { password_hash: string }>(
        `select ${USER_COLUMNS}, password_hash from users where lower(email) = lower($1) and active`,
        [given.email],
      ),
    );
    // Outside a transaction: it takes long, and connections are few.
    const right = await verifyPassword(given.password, user?.password_hash);
    if (!right || !user) throw wrong("bad_credentials", "the e-mail address or the password is wrong");
    const token = { session_id: Bun.randomUUIDv7(), family: newSecret(), turn: newSecret() };
    const { password_hash, ...shown } = user;
    const made = await this.#run(tenant, async (tx) => {
      await dropEnded(tx, user.id);
      // Only if neither password nor activity changed since they were looked at; locked, so that a change under way is
      // waited for, and one that follows finds this session.
      return await tx.query(
        `insert into sessions (tenant_id, id, user_id, family_digest, turn_digest, expires_at)
         select tenant_id, $2, id, $3, $4, now() + make_interval(days => $5) from users
         where id = $1 and active and password_hash = $6 for share returning id`,
        [user.id, token.session_id, digestOf(token.family), digestOf(token.turn), this.#days, password_hash],
      );
    });
    if (made.length === 0) throw wrong("bad_credentials", "the e-mail address or the password is wrong");
    await attempt.succeeded();
    return await this.#answer(tenant, shown, token.session_id, formatRefreshToken(token));
  }

  /** Turns a refresh token into new tokens, once. One used again ends its session: somebody else has a copy. */
  async refresh(tenant: Tenant, refresh_token: string): Promise<Tokens> {
    const given = parseRefreshToken(refresh_token);
    if (!given) throw wrong("bad_refresh_token", "the refresh token is not valid; sign in again");
    const next = { ...given, turn: newSecret() };
    // The outcome is returned, not thrown: the end of a session must commit.
    const outcome = await this.#run(tenant, async (tx): Promise<User | "invalid" | "used_again"> => {
      const [session] = await tx.query<Turn>(
        `select user_id, family_digest, turn_digest from sessions
         where id = $1 and revoked_at is null and expires_at > now() for update`,
        [given.session_id],
      );
      if (!session || session.family_digest !== digestOf(given.family)) return "invalid";
      if (session.turn_digest !== digestOf(given.turn)) {
        await tx.query("update sessions set revoked_at = now() where id = $1", [given.session_id]);
        return "used_again";
      }
      const [user] = await tx.query<User>(`select ${USER_COLUMNS} from users where id = $1 and active`, [
        session.user_id,
      ]);
      if (!user) return "invalid";
      await tx.query(
        `update sessions set turn_digest = $2, refreshed_at = now(), expires_at = now() + make_interval(days => $3)
         where id = $1`,
        [given.session_id, digestOf(next.turn), this.#days],
      );
      return user;
    });
    if (outcome === "used_again") {
      await this.#parts.sessions.ended(tenant.tenant_id, [given.session_id]);
      this.#parts.log.warn(
        { tenant: tenant.slug, session_id: given.session_id },
        "a refresh token was used again; its session has ended",
      );
    }
    if (outcome === "used_again" || outcome === "invalid") {
      throw wrong("bad_refresh_token", "the refresh token is not valid; sign in again");
    }
    return await this.#answer(tenant, outcome, given.session_id, formatRefreshToken(next));
  }

  async logout(tenant: Tenant, session_id: string): Promise<void> {
    await this.#run(tenant, (tx) => tx.query("update sessions set revoked_at = now() where id = $1", [session_id]));
    await this.#parts.sessions.ended(tenant.tenant_id, [session_id]);
  }

  async me(tenant: Tenant, user_id: string): Promise<User> {
    const [user] = await this.#run(tenant, (tx) =>
      tx.query<User>(`select ${USER_COLUMNS} from users where id = $1`, [user_id]),
    );
    if (!user) throw wrong("unauthenticated", "this user is gone");
    return user;
  }

  /** Changes one's own password; one's other sessions end. Wrong guesses of the current one count as logins do. */
  async changePassword(
    tenant: Tenant,
    me: { user_id: string; session_id: string; address: string },
    given: { current: string; new: string },
  ): Promise<void> {
    const [user] = await this.#run(tenant, (tx) =>
      tx.query<{ email: string; password_hash: string }>("select email, password_hash from users where id = $1", [
        me.user_id,
      ]),
    );
    const attempt = await this.#parts.limits.attempt(tenant.tenant_id, user?.email ?? "", me.address);
    if (!(await verifyPassword(given.current, user?.password_hash))) {
      throw unprocessable([{ path: "/current", message: "is not your password" }]);
    }
    const hash = await hashPassword(given.new);
    const ended = await this.#run(tenant, async (tx) => {
      const changed = await tx.query(
        `update users set password_hash = $2, updated_at = now()
         where id = $1 and active and password_hash = $3 returning id`,
        [me.user_id, hash, user?.password_hash ?? ""],
      );
      if (changed.length === 0) throw unprocessable([{ path: "/current", message: "was changed just now" }]);
      return await endSessionsOf(tx, me.user_id, me.session_id);
    });
    await attempt.succeeded();
    await this.#parts.sessions.ended(tenant.tenant_id, ended);
  }

  async #answer(tenant: Tenant, user: User, session_id: string, refresh_token: string): Promise<Tokens> {
    const { tokens } = this.#parts;
    const { tenant_id } = tenant;
    const claims = { sub: user.id, tenant_id, email: user.email, role: user.role, session_id };
    const access_token = await tokens.sign(claims);
    return { access_token, token_type: "Bearer", expires_in: tokens.expires_in, refresh_token, user };
  }

  async #run<T>(tenant: Tenant, work: (tx: Transaction) => Promise<T>): Promise<T> {
    const scope: Scope = { role: this.#parts.role, tenant_id: tenant.tenant_id, statement_timeout_ms: 15_000 };
    return await this.#parts.database.transaction(scope, work);
  }
}

/** Forgets a user's sessions that have ended, and the oldest beyond what one user may have. */
async function dropEnded(tx: Transaction, user_id: string): Promise<void> {
  await tx.query(
    `delete from sessions where user_id = $1 and (revoked_at is not null or expires_at < now() or id in
       (select id from sessions where user_id = $1 and revoked_at is null order by refreshed_at desc offset $2))`,
    [user_id, MAX_SESSIONS - 1],
  );
}

function wrong(code: string, detail: string): Problem {
  return new Problem(401, { code, detail, headers: { "www-authenticate": "Bearer" } });
}
