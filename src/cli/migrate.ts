import { PostgresDatabase } from "../platform/database/postgres.ts";
import { migrateDatabase } from "../roles/schema.ts";

export interface MigrateOptions {
  /** Login that is, or may become, `basecommerce_owner`. */
  url: string;
  log?: (line: string) => void;
}

/** Brings roles and schema of the database at `url` up to date. Safe to run again, and by several at once. */
export async function migrate({ url, log = () => undefined }: MigrateOptions): Promise<void> {
  const database = new PostgresDatabase({ url, application_name: "basecommerce migrate", max: 1 });
  try {
    const applied = await migrateDatabase(database);
    log(applied.length === 0 ? "nothing to migrate" : `applied ${applied.join(", ")}`);
  } finally {
    await database.close();
  }
}
