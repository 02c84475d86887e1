import { join } from "node:path";
import { migrate } from "../../src/cli/migrate.ts";
import { programPath } from "./packages.ts";
import { urlFor, withSession } from "./session.ts";
import { until } from "./until.ts";

const ROLES = join(import.meta.dir, "../../infra/postgres/roles.sql");

/** Of all logins but the superuser, on servers that live as long as a test run and listen on 127.0.0.1 only. */
export const PASSWORD = "test";

/**
 * Makes the database that tests clone, on the server where `admin` logs in as superuser: the roles by the script that an
 * administrator runs, the tables by `migrate` under the owner's login. So what passes here works in production without
 * any superuser. Returns its name.
 */
export async function makeTemplate(admin: string, name = "basecommerce_template"): Promise<string> {
  await withSession(admin, (sql) => sql`create database ${sql(name)}`);
  await makeRoles(urlFor(admin, name));
  await migrate({ url: urlFor(admin, name, "basecommerce_owner", PASSWORD) });
  await withSession(admin, async (sql) => {
    // A database somebody is connected to cannot be cloned: nobody is, and nobody gets in any more.
    await sql`alter database ${sql(name)} with allow_connections false is_template true`;
    const sessions = () => sql`select from pg_stat_activity where datname = ${name}`;
    await until(async () => (await sessions()).length === 0, { what: `nobody to use ${name}` });
  });
  return name;
}

/** The logins of the platform, in the database that `url` names; all with PASSWORD. */
export async function makeRoles(url: string): Promise<void> {
  const psql = await programPath("psql");
  const passwords = ["OWNER", "VERTICAL", "RELAY", "ENGINES"].map((login) => [`${login}_PASSWORD`, PASSWORD]);
  const run = Bun.spawn([psql, "-X", "-q", "-d", url, "-f", ROLES], {
    env: { ...process.env, ...Object.fromEntries(passwords) },
    stdin: "ignore",
    stdout: "ignore",
    stderr: "pipe",
  });
  const complaint = await new Response(run.stderr).text();
  if ((await run.exited) !== 0) throw new Error(`roles.sql failed: ${complaint}`);
}
