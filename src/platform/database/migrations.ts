import type { Database } from "./database.ts";

/** One step of the schema. Once released it is never edited: a changed text is refused. */
export interface Migration {
  /** Sorts by name, e.g. `0001_platform`. */
  id: string;
  sql: string;
}

export class MigrationError extends Error {
  readonly code = "migration";
}

/** Any number, the same for every process that migrates this database. */
const LOCK = 7_141_973;

const HISTORY = `
  create table if not exists schema_migration (
    id text primary key,
    digest text not null,
    applied_at timestamptz not null default now()
  );
  grant select on schema_migration to public`;

function digestOf(migration: Migration): string {
  return new Bun.CryptoHasher("sha256").update(migration.sql).digest("hex");
}

/** The migrations that `database` still lacks. Throws when an applied one has another text here, or is unknown here. */
export async function pendingMigrations(database: Database, migrations: readonly Migration[]): Promise<Migration[]> {
  const [present] = await database.query<{ present: boolean }>(
    "select to_regclass('schema_migration') is not null as present",
  );
  if (!present?.present) return [...migrations];
  const applied = new Map(
    (await database.query<{ id: string; digest: string }>("select id, digest from schema_migration")).map((row) => [
      row.id,
      row.digest,
    ]),
  );
  return migrations.filter((migration) => {
    const digest = applied.get(migration.id);
    if (digest !== undefined && digest !== digestOf(migration)) {
      throw new MigrationError(`migration ${migration.id} was applied with another text than this program has`);
    }
    return digest === undefined;
  });
}

/**
 * Brings the schema up to date and returns what was applied. Each migration is a transaction; concurrent callers wait
 * for each other. The caller's login must be, or be able to become, the owner.
 */
export async function applyMigrations(
  database: Database,
  migrations: readonly Migration[],
  become: string,
): Promise<string[]> {
  const applied: string[] = [];
  for (const migration of migrations) {
    await database.transaction({ role: become }, async (tx) => {
      await tx.query("select pg_advisory_xact_lock($1)", [LOCK]);
      await tx.script(HISTORY);
      const known = await tx.query<{ digest: string }>("select digest from schema_migration where id = $1", [
        migration.id,
      ]);
      const digest = digestOf(migration);
      if (known[0]) {
        if (known[0].digest !== digest) {
          throw new MigrationError(`migration ${migration.id} was applied with another text than this program has`);
        }
        return;
      }
      await tx.script(migration.sql);
      await tx.query("insert into schema_migration (id, digest) values ($1, $2)", [migration.id, digest]);
      applied.push(migration.id);
    });
  }
  return applied;
}
