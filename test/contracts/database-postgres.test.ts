import { describe, expect, test } from "bun:test";
import { isConnectionLost } from "../../src/platform/database/errors.ts";
import { PostgresDatabase } from "../../src/platform/database/postgres.ts";
import { OWNER } from "../../src/platform/database/roles.ts";
import { testDatabase } from "../harness/database.ts";
import { withSession } from "../harness/session.ts";
import { databaseContract } from "./database.ts";

async function open(max = 5): Promise<{ database: PostgresDatabase; admin: string }> {
  const { urls } = await testDatabase();
  return { database: new PostgresDatabase({ url: urls.admin, application_name: "contract", max }), admin: urls.admin };
}

databaseContract("PostgreSQL", async () => (await open()).database);

describe("PostgreSQL: a connection that is lost", () => {
  test("ends the transaction on it; what follows in it is never sent to the next session", async () => {
    const { database, admin } = await open(1);
    const losses = database.losses;
    const failing = database.transaction({ role: OWNER }, async (tx) => {
      await tx.query("insert into lease values ('x', 'x', now())");
      const [row] = await tx.query<{ pid: number }>("select pg_backend_pid() as pid");
      await withSession(admin, (sql) => sql`select pg_terminate_backend(${row?.pid ?? 0}, 5000)`);
      // The driver would open a new session for this and run it outside of any transaction and role.
      await tx.query("insert into lease values ('y', 'y', now())").catch(() => undefined);
      await tx.query("insert into lease values ('z', 'z', now())").catch(() => undefined);
    });
    expect(isConnectionLost(await failing.catch((error: unknown) => error))).toBe(true);
    expect(await database.query("select name from lease")).toEqual([]);
    expect(database.losses).toBeGreaterThan(losses);
    await database.close();
  });

  test("while statements wait behind each other takes all of them along", async () => {
    const { database, admin } = await open(1);
    const [row] = await database.query<{ pid: number }>("select pg_backend_pid() as pid");
    const failing = database.transaction({ role: OWNER }, async (tx) => {
      const sent = Promise.allSettled([
        tx.query("select pg_sleep(30)"),
        ...Array.from({ length: 5 }, (_, i) => tx.query(`insert into lease values ('n${i}', $1, now())`, ["o"])),
      ]);
      await withSession(admin, (sql) => sql`select pg_terminate_backend(${row?.pid ?? 0}, 5000)`);
      await sent;
    });
    const outcome = await failing.catch((error: unknown) => error);
    expect(isConnectionLost(outcome)).toBe(true);
    expect(await database.query("select name from lease")).toEqual([]);
    await database.close();
  });

  test("that does not answer is given up in time", async () => {
    const { urls } = await testDatabase();
    const database = new PostgresDatabase({
      url: urls.admin,
      application_name: "mute",
      max: 1,
      answer_timeout_ms: 300,
    });
    await expect(database.query("select pg_sleep(20)")).rejects.toThrow("has not answered");
    expect(await database.query("select 1 as one")).toEqual([{ one: 1 }]);
    await database.close();
  });

  test("at a statement of a transaction that was given up is given up with it", async () => {
    const { urls } = await testDatabase();
    const database = new PostgresDatabase({
      url: urls.admin,
      application_name: "endless",
      max: 1,
      rollback_timeout_ms: 200,
    });
    const given_up = database.transaction({ statement_timeout_ms: 1000 }, async (tx) => {
      await tx.query("set local statement_timeout = 0");
      tx.query("select pg_sleep(60)").catch(() => undefined);
      throw new Error("it takes too long");
    });
    await expect(given_up).rejects.toThrow("it takes too long");
    expect(await database.query("select 1 as one")).toEqual([{ one: 1 }]);
    await database.close();
  });
});

test("PostgreSQL: texts that are made anew for each call do not fill the server's memory", async () => {
  const { database } = await open(1);
  const often = "select $1::integer as often";
  await database.query(often, [0]);
  await Promise.all(Array.from({ length: 1200 }, (_, i) => database.query(`select $1::integer as n${i}`, [i])));
  await database.query(`select $1::integer as a -- ${"x".repeat(20_000)}`, [1]);
  expect(await database.query(often, [1])).toEqual([{ often: 1 }]);
  expect(await database.query("select $1::integer as n1199", [7])).toEqual([{ n1199: 7 }]);
  const [kept] = await database.query(
    "select count(*) as prepared, max(length(statement)) < 1000 as short from pg_prepared_statements",
  );
  expect(kept).toEqual({ prepared: 1000, short: true });
  await database.close();
});
