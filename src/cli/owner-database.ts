import type { Environment } from "../config/config.ts";
import type { Database } from "../platform/database/database.ts";
import { PostgresDatabase } from "../platform/database/postgres.ts";
import { requireSchema } from "../roles/schema.ts";
import { ownerUrl } from "./owner-url.ts";

/** More than a statement's own limit: the server says itself when that is over. */
const BEYOND_MS = 30_000;

/**
 * Runs `work` on the database that a command's flags or the environment name, and closes it. `statement_timeout_ms` is the
 * greatest that `work` sets.
 */
export async function withDatabase(
  flags: Readonly<Record<string, unknown>>,
  environment: Environment,
  work: (database: Database) => Promise<void>,
  statement_timeout_ms = 60_000,
): Promise<void> {
  const database = new PostgresDatabase({
    url: ownerUrl(flags, environment),
    application_name: "basecommerce cli",
    max: 1,
    prepare: false,
    answer_timeout_ms: statement_timeout_ms + BEYOND_MS,
  });
  try {
    await requireSchema(database);
    await work(database);
  } finally {
    await database.close();
  }
}
