import type { Database } from "../../src/platform/database/database.ts";
import { EmbeddedDatabase } from "../../src/platform/database/embedded.ts";
import { PostgresDatabase } from "../../src/platform/database/postgres.ts";
import { migrateDatabase } from "../../src/roles/schema.ts";
import { whenDone } from "../harness/cleanup.ts";
import { testDatabase } from "../harness/database.ts";

/** A migrated database of the test file's own: as the vertical logs in, and as the superuser who prepares and looks. */
export interface Stand {
  vertical: Database;
  admin: Database;
}

export async function openStand(): Promise<Stand> {
  const { urls } = await testDatabase();
  const vertical = new PostgresDatabase({ url: urls.vertical, application_name: "test", max: 10 });
  const admin = new PostgresDatabase({ url: urls.admin, application_name: "test", max: 2 });
  whenDone(async () => {
    await Promise.all([vertical.close(), admin.close()]);
  });
  return { vertical, admin };
}

/** The same inside this process, where there is one login for everything. */
export async function openEmbeddedStand(): Promise<Stand> {
  const database = await EmbeddedDatabase.open();
  whenDone(() => database.close());
  await migrateDatabase(database);
  return { vertical: database, admin: database };
}
