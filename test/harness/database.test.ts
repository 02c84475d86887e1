import { expect, test } from "bun:test";
import { testDatabase } from "./database.ts";
import { withSession } from "./session.ts";

const whoAmI = (url: string) =>
  withSession(url, async (sql) => {
    const [row] = await sql`select session_user::text as login, current_database()::text as database`;
    return row;
  });

test("each login is let in under its own name, and databases are apart from each other", async () => {
  const databases = await Promise.all([testDatabase(), testDatabase(), testDatabase()]);
  expect(new Set(databases.map(({ name }) => name)).size).toBe(3);
  const [first, second] = databases;
  if (!first || !second) throw new Error("three were asked for");
  for (const login of ["owner", "vertical", "relay", "engines"] as const) {
    expect(await whoAmI(first.urls[login])).toEqual({ login: `basecommerce_${login}`, database: first.name });
  }
  await withSession(first.urls.owner, (sql) => sql`create table only_here ()`);
  const there = await withSession(second.urls.admin, (sql) => sql`select to_regclass('only_here') as found`);
  expect(there[0]?.found).toBeNull();
});

test("the schema is there and up to date, and a dropped database is gone", async () => {
  const { urls, drop } = await testDatabase();
  const [row] = await withSession(urls.owner, (sql) => sql`select count(*)::int as n from schema_migration`);
  expect(row?.n).toBeGreaterThan(0);
  await drop();
  await expect(whoAmI(urls.owner)).rejects.toThrow("does not exist");
});
