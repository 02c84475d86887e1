import { beforeAll, expect, test } from "bun:test";
import { runProgram } from "../../src/cli/program.ts";
import { type TestDatabase, testDatabase } from "../harness/database.ts";
import { urlFor, withSession } from "../harness/session.ts";

let current: TestDatabase;
let older: TestDatabase;
let empty: TestDatabase;

beforeAll(async () => {
  [current, older, empty] = await Promise.all([testDatabase(), testDatabase(), testDatabase()]);
  await withSession(older.urls.admin, async (sql) => {
    await sql`delete from schema_migration where id = '0008_engine_settings'`;
    await sql`alter table engine_host drop column settings`;
    await sql`drop schema engine_sales cascade`;
  });
  // Emptied by being made anew: it is dropped by its name when the test is done.
  await withSession(urlFor(current.urls.admin, "postgres"), async (sql) => {
    await sql`drop database ${sql(empty.name)}`;
    await sql`create database ${sql(empty.name)} owner basecommerce_owner`;
  });
}, 60_000);

async function migrate(database: TestDatabase, ...flags: string[]): Promise<string[]> {
  const lines: string[] = [];
  const print = (line: string) => void lines.push(line);
  const environment = { DATABASE_URL: database.urls.owner };
  const code = await runProgram(["migrate", ...flags], {
    environment,
    input: async () => "",
    out: print,
    error: print,
  });
  expect({ code, lines }).toEqual({ code: 0, lines: expect.anything() });
  return lines.flatMap((text) => text.split("\n"));
}

/** All tables, columns, functions, rights and schemas, and which migrations are noted. */
async function stateOf({ urls }: TestDatabase): Promise<unknown> {
  return await withSession(urls.admin, async (sql) => {
    const [{ noted } = { noted: false }] = await sql`select to_regclass('schema_migration') is not null as noted`;
    return [
      await sql`select oid, relname, relnamespace, relacl::text, xmin from pg_class where oid >= 16384 order by oid`,
      await sql`select oid, proname, xmin from pg_proc where oid >= 16384 order by oid`,
      await sql`select nspname, nspacl::text from pg_namespace where nspname !~ '^pg_' order by 1`,
      noted ? await sql`select * from schema_migration order by id` : [],
    ];
  });
}

const applied = (lines: readonly string[]) =>
  lines
    .flatMap((line) => {
      const [, engine = "", ids = ""] = /^(engine \w+: )?applied (.*)$/.exec(line) ?? [];
      return ids.split(", ").map((id) => `would apply ${engine}${id}`);
    })
    .sort();

test("a current database needs nothing", async () => {
  const before = await stateOf(current);
  expect(await migrate(current, "--dry-run")).toEqual(["nothing to migrate"]);
  expect(await stateOf(current)).toEqual(before);
});

test.each(["an older", "an empty"] as const)(
  "%s database: what would be applied is said, and only that is applied then",
  async (which) => {
    const database = which === "an older" ? older : empty;
    const before = await stateOf(database);
    const announced = await migrate(database, "--dry-run");
    expect(await stateOf(database)).toEqual(before);
    expect(announced).toContain("would apply 0008_engine_settings");
    expect(announced.some((line) => line.startsWith("would apply engine sales: 0001"))).toBe(true);
    expect(announced.includes("would apply 0001_platform")).toBe(which === "an empty");
    expect(applied(await migrate(database))).toEqual(announced.toSorted());
    expect(await migrate(database, "--dry-run")).toEqual(["nothing to migrate"]);
  },
  30_000,
);

test("a migration that was applied with another text is refused before anything is", async () => {
  await withSession(current.urls.admin, (sql) => sql`update engine_stock.schema_migration set digest = 'other'`);
  const error: string[] = [];
  const surroundings = {
    environment: { DATABASE_URL: current.urls.owner },
    input: async () => "",
    out: () => undefined,
  };
  const code = await runProgram(["migrate", "--dry-run"], { ...surroundings, error: (line) => error.push(line) });
  expect({ code, error }).toEqual({
    code: 1,
    error: [expect.stringContaining("engine stock was applied with another text")],
  });
});
