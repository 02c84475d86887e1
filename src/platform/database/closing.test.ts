import { expect, test } from "bun:test";
import { testDatabase } from "../../../test/harness/database.ts";
import { withSession } from "../../../test/harness/session.ts";
import { PostgresDatabase } from "./postgres.ts";

test("a database that was closed opens no connection for what is asked later, and gives none to who waited", async () => {
  const { urls } = await testDatabase();
  const database = new PostgresDatabase({ url: urls.engines, application_name: "closing", max: 1 });
  let closing: Promise<void> | undefined;
  await database
    .transaction({}, async (tx) => {
      await tx.query("select 1");
      const waiting = database.query("select 2");
      closing = database.close();
      await expect(waiting).rejects.toMatchObject({ code: "CONNECTION_ENDED" });
    })
    .catch(() => undefined);
  await closing;
  await expect(database.query("select 3")).rejects.toMatchObject({ code: "CONNECTION_ENDED" });
  await expect(database.transaction({}, async () => 4)).rejects.toMatchObject({ code: "CONNECTION_ENDED" });
  const open = await withSession(
    urls.admin,
    (sql) => sql`select 1 from pg_stat_activity where application_name = 'closing'`,
  );
  expect(open).toHaveLength(0);
});
