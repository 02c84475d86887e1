import { builtinEngines } from "../engine-host/builtin.ts";
import { installEngine, pendingEngineSteps } from "../engine-host/install.ts";
import { load } from "../engine-host/loading.ts";
import { pendingMigrations } from "../platform/database/migrations.ts";
import { PostgresDatabase } from "../platform/database/postgres.ts";
import { OWNER } from "../platform/database/roles.ts";
import { migrateDatabase, migrations } from "../roles/schema.ts";

export interface MigrateOptions {
  /** Login that is, or may become, `basecommerce_owner`. */
  url: string;
  log?: (line: string) => void;
}

/** Brings roles, schema and built-in engines of the database at `url` up to date. Safe to run again, and by several at once. */
export async function migrate({ url, log = () => undefined }: MigrateOptions): Promise<void> {
  const database = new PostgresDatabase({ url, application_name: "basecommerce migrate", max: 1 });
  try {
    const applied = await migrateDatabase(database);
    log(applied.length === 0 ? "nothing to migrate" : `applied ${applied.join(", ")}`);
    // The hosts' own login may not make roles and schemas.
    for (const name of Object.keys(builtinEngines)) {
      const steps = await installEngine(database, await load({ kind: "builtin", name }));
      if (steps.length > 0) log(`engine ${name}: applied ${steps.join(", ")}`);
    }
  } finally {
    await database.close();
  }
}

/** What `migrate` would apply to the database at `url`; changes nothing. */
export async function pendingSteps(url: string): Promise<string[]> {
  const database = new PostgresDatabase({ url, application_name: "basecommerce migrate", max: 1 });
  try {
    const steps = (await pendingMigrations(database, migrations)).map(({ id }) => id);
    const [role] = await database.query("select 1 from pg_roles where rolname = $1", [OWNER]);
    for (const name of Object.keys(builtinEngines)) {
      const definition = await load({ kind: "builtin", name });
      const pending = role ? await pendingEngineSteps(database, definition) : (definition.migrations ?? []);
      steps.push(...pending.map(({ id }) => `engine ${name}: ${id}`));
    }
    return steps;
  } finally {
    await database.close();
  }
}
