import { PostgresDatabase } from "../../src/platform/database/postgres.ts";
import { whenDone } from "../harness/cleanup.ts";
import { testDatabase } from "../harness/database.ts";

/** A migrated database of the test file's own: as the vertical logs in, and as the superuser who prepares and looks. */
export interface Stand {
  vertical: PostgresDatabase;
  admin: PostgresDatabase;
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
