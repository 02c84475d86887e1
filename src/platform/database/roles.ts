import type { Database } from "./database.ts";
import { codeOf } from "./errors.ts";

/** Owns every table; migrations and backups run under it. */
export const OWNER = "basecommerce_owner";
export const VERTICAL = "basecommerce_vertical";
export const RELAY = "basecommerce_relay";
export const ENGINES = "basecommerce_engines";

/**
 * Makes the four roles where they are missing, and lets the owner make objects here. Works for a superuser and for a
 * login with CREATEROLE that owns the database; needs neither when `infra/postgres/roles.sql` was run before.
 */
export async function ensureRoles(database: Database): Promise<void> {
  // The engines' login reaches an engine's role only by SET ROLE, it does not inherit what engines may.
  const missing = [
    [OWNER, "createrole"],
    [VERTICAL, ""],
    [RELAY, ""],
    [ENGINES, "noinherit"],
  ] as const;
  for (const [role, attributes] of missing) {
    const known = await database.query("select 1 from pg_roles where rolname = $1", [role]);
    if (known.length > 0) continue;
    await database
      .transaction({}, (tx) => tx.script(`create role ${role} login ${attributes}`))
      .catch((error) => {
        // Roles belong to the whole server: another database's migration may have made it a moment ago.
        if (!["42710", "23505"].includes(codeOf(error) ?? "")) throw error;
      });
  }
  await database.transaction({}, async (tx) => {
    const [me] = await tx.query<{ owner: boolean; able: boolean; name: string; database: string }>(
      `select session_user = $1 as owner, pg_has_role(session_user, $1, 'member') as able,
              session_user::text as name, current_database() as database`,
      [OWNER],
    );
    if (!me) return;
    if (!me.able) await tx.script(`grant ${OWNER} to "${me.name}"`);
    if (me.owner) return;
    await tx.script(`grant create, usage on schema public to ${OWNER}`);
    await tx.script(`grant create, connect on database "${me.database}" to ${OWNER}`);
  });
}
