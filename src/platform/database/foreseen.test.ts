import { expect, test } from "bun:test";
import { whenDone } from "../../../test/harness/cleanup.ts";
import { testDatabase } from "../../../test/harness/database.ts";
import { freePort } from "../../../test/harness/ports.ts";
import { withSession } from "../../../test/harness/session.ts";
import { APPENDING, appendEvents } from "../events/ledger.ts";
import type { Transaction } from "./database.ts";
import { codeOf } from "./errors.ts";
import { PostgresDatabase } from "./postgres.ts";
import { VERTICAL } from "./roles.ts";

const EVENT = {
  event_id: Bun.randomUUIDv7(),
  tenant_id: Bun.randomUUIDv7(),
  ...{ stream: "construction", partition: 0, event_type: "stock_updated", version: 1, key: "k", payload: {} },
  ...{ occurred_at: "2026-01-01T00:00:00Z", trace: null, causation_id: null, hops: 0 },
};

test("what is foreseen is prepared when a session begins, and by nothing again, also after one was lost", async () => {
  const { urls } = await testDatabase();
  const options = { application_name: "foreseen", max: 1, foreseen: [APPENDING] };
  const database = new PostgresDatabase({ url: urls.vertical, ...options });
  whenDone(() => database.close());
  const prepared = async (tx: Transaction) =>
    (await tx.values("select name from pg_prepared_statements where statement = $1", [APPENDING.sql])).length;
  const write = () =>
    database.transaction({ role: VERTICAL, tenant_id: EVENT.tenant_id }, async (tx) => {
      const before = await prepared(tx);
      await appendEvents(tx, [{ ...EVENT, event_id: Bun.randomUUIDv7() }]);
      return [before, await prepared(tx)];
    });
  expect(await write()).toEqual([1, 1]);
  await withSession(
    urls.admin,
    (sql) => sql`select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'foreseen'`,
  );
  await write().catch(() => undefined);
  expect(await write()).toEqual([1, 1]);
});

test("a session that cannot prepare it says so only to who runs it", async () => {
  const { urls } = await testDatabase();
  const foreseen = [{ sql: "select * from nowhere where id = $1", parameters: [1] }];
  const database = new PostgresDatabase({ url: urls.vertical, application_name: "foreseen", max: 1, foreseen });
  whenDone(() => database.close());
  expect(await database.query("select 1 as one")).toEqual([{ one: 1 }]);
  await expect(database.query("select * from nowhere where id = $1", [1])).rejects.toThrow("nowhere");
  expect(await database.query("select 2 as two")).toEqual([{ two: 2 }]);
});

test("settings are every session's, but not behind a transaction pool, which knows a few only", async () => {
  const { urls } = await testDatabase();
  const mode = async (prepare: boolean) => {
    const settings = { plan_cache_mode: "force_generic_plan" };
    const database = new PostgresDatabase({ url: urls.relay, application_name: "settings", max: 1, prepare, settings });
    whenDone(() => database.close());
    return await database.query("select current_setting('plan_cache_mode') as mode");
  };
  expect(await mode(true)).toEqual([{ mode: "force_generic_plan" }]);
  expect(await mode(false)).toEqual([{ mode: "auto" }]);
});

test("why there is no session is told to whoever asked first", async () => {
  const { urls } = await testDatabase();
  const asked = async (change: (url: URL) => void) => {
    const url = new URL(urls.vertical);
    change(url);
    const database = new PostgresDatabase({ url: url.href, application_name: "away", max: 1, foreseen: [APPENDING] });
    whenDone(() => database.close());
    return await database.query("select 1").catch((error: unknown) => codeOf(error));
  };
  const away = freePort();
  expect(await asked((url) => (url.password = "wrong"))).toBe("28P01");
  expect(await asked((url) => (url.port = `${away}`))).toBe("ECONNREFUSED");
});
