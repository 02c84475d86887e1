import type { Database } from "../platform/database/database.ts";
import { applyMigrations, type Migration, pendingMigrations } from "../platform/database/migrations.ts";
import { ensureRoles, OWNER } from "../platform/database/roles.ts";
import { platformMigrations } from "../platform/database/schema.ts";
import { constructionMigrations } from "../verticals/construction/schema.ts";

/** The whole schema of this binary, in the order it is applied. */
export const migrations: readonly Migration[] = [...platformMigrations, ...constructionMigrations];

/** Makes roles and schema on `database`; returns the ids of what was applied. */
export async function migrateDatabase(database: Database): Promise<string[]> {
  await ensureRoles(database);
  return await applyMigrations(database, migrations, OWNER);
}

/** The database's schema is not this program's. */
export class SchemaNotReady extends Error {
  readonly code = "schema_not_ready";
}

/** Refuses a database whose schema is older than this program, with the sentence that says what to do. */
export async function requireSchema(database: Database): Promise<void> {
  const pending = await pendingMigrations(database, migrations);
  if (pending.length === 0) return;
  throw new SchemaNotReady(
    `the database lacks ${pending.length} migration(s) (${pending.map(({ id }) => id).join(", ")}): run \`basecommerce migrate\` with the owner's DATABASE_URL`,
  );
}
