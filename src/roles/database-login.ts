import type { Config } from "../config/config.ts";
import type { Database } from "../platform/database/database.ts";
import { PostgresDatabase, type PostgresOptions } from "../platform/database/postgres.ts";

/** The server cannot carry what this program promises; the message says what to change. */
export class UnfitServer extends Error {
  readonly code = "unfit_server";
}

interface Login {
  name: string;
  /** May take the wanted role on. */
  able: boolean;
  /** Sees every tenant's rows, whatever the policies say. */
  above: boolean;
  version: number;
  synchronous_commit: string;
}

const LOOK = `
  select session_user::text as name, current_setting('server_version_num')::int as version,
         current_setting('synchronous_commit') as synchronous_commit,
         (r.rolsuper or r.rolbypassrls or r.rolname = 'basecommerce_owner') as above,
         case when exists (select 1 from pg_roles where rolname = $1)
              then pg_has_role(session_user, $1, 'member') else false end as able
  from pg_roles r where r.rolname = session_user`;

/** A pool whose work is done as `role`, and a warning when its login could do more than that. */
export interface RoleDatabase {
  database: PostgresDatabase;
  /** Role the sessions take on because the login is another one. */
  session_role: string | undefined;
  warning: string | undefined;
}

type Limits = Pick<PostgresOptions, "max" | "answer_timeout_ms" | "foreseen" | "settings">;

/** Opens the database for one role of the program, after looking at the server and the login. */
export async function openRoleDatabase(
  config: Config,
  url: string,
  role: string,
  limits: Limits,
): Promise<RoleDatabase> {
  const application_name = `basecommerce ${role.replace("basecommerce_", "")}`;
  const own = { url, application_name, ...limits, prepare: !config.database_pooled };
  // The role's own login needs no session of another kind to look around in: its first one is kept.
  const expected = new PostgresDatabase(own);
  const login = await requireFit(expected, role).catch(async (error: unknown) => {
    await expected.close();
    throw error;
  });
  if (login.name === role) return { database: expected, session_role: undefined, warning: undefined };
  await expected.close();
  const warning = login.above
    ? `logged in as ${login.name}, which stands above row-level security: work is done as ${role}, but log in as that`
    : undefined;
  return { database: new PostgresDatabase({ ...own, role }), session_role: role, warning };
}

async function requireFit(database: Database, role: string): Promise<Login> {
  const [login] = await database.query<Login & Record<string, unknown>>(LOOK, [role]);
  if (!login) throw new UnfitServer("PostgreSQL does not say who is logged in");
  if (login.version < 150_000) throw new UnfitServer("PostgreSQL 15 or newer is needed");
  if (login.synchronous_commit === "off") {
    throw new UnfitServer("synchronous_commit is off: a crash would lose committed events; set it to on");
  }
  if (!login.able) {
    throw new UnfitServer(
      `the login ${login.name} of DATABASE_URL may not work as ${role}: run \`basecommerce migrate\` first, or log in as ${role}`,
    );
  }
  return login;
}
