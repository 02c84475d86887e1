import type { Environment } from "../config/config.ts";
import type { Database } from "../platform/database/database.ts";
import { PostgresDatabase } from "../platform/database/postgres.ts";
import { requireSchema } from "../roles/schema.ts";
import { ownerUrl } from "./owner-url.ts";

/** Runs `work` on the database that a command's flags or the environment name, and closes it. */
export async function withDatabase(
  flags: Readonly<Record<string, unknown>>,
  environment: Environment,
  work: (database: Database) => Promise<void>,
): Promise<void> {
  const url = ownerUrl(flags, environment);
  const database = new PostgresDatabase({ url, application_name: "basecommerce cli", max: 1, prepare: false });
  try {
    await requireSchema(database);
    await work(database);
  } finally {
    await database.close();
  }
}
