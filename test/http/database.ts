import type { Database } from "../../src/platform/database/database.ts";
import { PostgresDatabase } from "../../src/platform/database/postgres.ts";
import { whenDone } from "../harness/cleanup.ts";
import { testDatabase } from "../harness/database.ts";

/** A fresh database under a login that may take on every role: making a shop is the owner's, the rest is not. */
export async function openDatabase(): Promise<Database> {
  const { urls } = await testDatabase();
  const database = new PostgresDatabase({ url: urls.admin, application_name: "http test", max: 8 });
  whenDone(() => database.close());
  return database;
}

/** Milliseconds a file's set-up may take: the first to need PostgreSQL starts it. */
export const STARTING = 60_000;
