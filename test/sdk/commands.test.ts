import { beforeAll, describe, expect, test } from "bun:test";
import { mkdir, readdir, rename, symlink } from "node:fs/promises";
import { join } from "node:path";
import { makeEngine } from "../../src/cli/engine/new.ts";
import { runProgram } from "../../src/cli/program.ts";
import { type TestDatabase, testDatabase } from "../harness/database.ts";
import { temporaryFolder } from "../harness/folder.ts";
import { withSession } from "../harness/session.ts";

let folder: string;
beforeAll(async () => {
  folder = await temporaryFolder("engines");
});

/** Runs a command line here; what it printed, and its exit code. */
async function command(args: string[], environment: Record<string, string> = {}) {
  const lines: string[] = [];
  const write = (line: string) => void lines.push(line);
  const code = await runProgram(args, { environment, input: async () => "", out: write, error: write });
  return { code, output: lines.join("\n") };
}

/** An engine whose definition has these lines besides what every one has. */
async function engineWith(name: string, more: string): Promise<string> {
  const path = join(folder, name);
  await mkdir(path, { recursive: true });
  const text = `import { defineEngine, Type } from "@basecommerce/engine";
    export default defineEngine({ name: "${name}", version: "1.0.0", description: "A test's", from: "now",
      subscriptions: {}, ${more} });`;
  await Bun.write(join(path, "engine.ts"), text);
  return path;
}

describe("engine new", () => {
  test("makes a folder that a check finds nothing wrong with", async () => {
    const { code, output } = await command(["engine", "new", "first-one", "--dir", folder]);
    expect({ code, output }).toEqual({ code: 0, output: expect.stringContaining("basecommerce engine check") });
    expect(output).toContain('first-one && bun add --dev <the archive that "npm run sdk" makes> && bun test');
    const made = await readdir(join(folder, "first-one"));
    expect(made.sort()).toEqual(["README.md", "engine.test.ts", "engine.ts", "package.json", "tsconfig.json"]);
    const checked = await command(["engine", "check", join(folder, "first-one")]);
    expect(checked).toEqual({ code: 0, output: expect.stringContaining("no problems") });
    expect(checked.output).toContain("sold (shops kept apart)");
    expect(checked.output).toContain("construction: sale_recorded; from the beginning of history");
  }, 60_000);

  test("refuses a name that is none, a built-in engine's, and a folder that is there", async () => {
    for (const name of ["", "x", "Uppercase", "two words", "../out", "ends-", "9lives", "a".repeat(43)]) {
      expect({ name, code: (await command(["engine", "new", name, "--dir", folder])).code }).toEqual({ name, code: 2 });
    }
    expect((await command(["engine", "new", "stock", "--dir", folder])).output).toContain("built-in");
    expect((await command(["engine", "new", "sales-batch", "--dir", folder])).output).toContain(
      "may not end in -batch",
    );
    await mkdir(join(folder, "taken"));
    await expect(makeEngine("taken", folder)).rejects.toThrow("is there already");
    expect(await readdir(join(folder, "taken"))).toEqual([]);
  });

  test("hears the tsconfig.json above that knows where the SDK is", async () => {
    await Bun.write(
      join(folder, "home/tsconfig.json"),
      '{ "compilerOptions": { "paths": { "@basecommerce/engine": [] } } }',
    );
    const inside = await Bun.file(
      join(await makeEngine("inside", join(folder, "home/plugins")), "tsconfig.json"),
    ).json();
    expect(inside).toEqual({ extends: "../../tsconfig.json", include: ["."] });
    const outside = await Bun.file(join(await makeEngine("outside", folder), "tsconfig.json")).json();
    expect(outside.compilerOptions).toMatchObject({ strict: true, noEmit: true });
  });
});

describe("engine check", () => {
  test("names the place and the reason of what a host would refuse", async () => {
    const table = (sql: string) => `migrations: [{ id: "0001_x", up: \`${sql}\` }]`;
    const cases: Record<string, [string, string]> = {
      "no-tenant": [table("create table x (id uuid)"), "table x of engine_no_tenant has no column tenant_id"],
      "bad-sql": [
        table("create table a (tenant_id uuid not null);\ncreate tabel b ()"),
        "migration 0001_x line 2: syntax error",
      ],
      "bad-job": ['jobs: { a: { every: "soon", run: async () => {} } }', 'jobs.a: every: "soon" is no duration'],
      "bad-default": ["config: Type.Object({ a: Type.String({ default: 5 }) })", "config.a: its default does not fit"],
      "bad-view": [
        table("create table a (tenant_id uuid not null); create view v as select * from a"),
        "migrations: view v: an engine works with tables and plain functions only",
      ],
      "bad-routes": ['routes: () => { throw new Error("no way"); }', "routes: no way"],
      "bad-type": [
        "subscriptions: { construction: { sale: async () => {} } }",
        "subscriptions.construction.sale: no such",
      ],
      misspelt: ["batchsize: 5", "/batchsize is not known"],
      "new-sdk": ["sdk: 99", "written for version 99 of the SDK"],
    };
    for (const [name, [more, expected]] of Object.entries(cases)) {
      const { code, output } = await command(["engine", "check", await engineWith(name, more)]);
      expect({ name, code, output }).toEqual({ name, code: 1, output: expect.stringContaining(expected) });
    }
  }, 120_000);

  test("remarks that a stream is none that a vertical writes", async () => {
    const more = "subscriptions: { construction: { sale_recorded: async () => {} }, teller: { told: async () => {} } }";
    const { output } = await command(["engine", "check", await engineWith("listener", more)]);
    expect(output).toContain(
      "construction: sale_recorded; teller: told (a stream of another engine: no vertical writes it)",
    );
  }, 30_000);

  test("says what is missing, and what calls itself otherwise", async () => {
    await mkdir(join(folder, "empty"));
    expect((await command(["engine", "check", join(folder, "empty")])).output).toContain("empty has no engine.ts");
    const path = await engineWith("real-name", "");
    await Bun.write(join(folder, "other/engine.ts"), await Bun.file(join(path, "engine.ts")).text());
    const { code, output } = await command(["engine", "check", join(folder, "other")]);
    expect({ code, output }).toEqual({
      code: 1,
      output: expect.stringContaining("named other but its engine calls itself"),
    });
  });

  test("refuses what a symbolic link brings in from elsewhere, but for installed packages", async () => {
    const outside = await temporaryFolder("outside");
    await Bun.write(join(outside, "word.ts"), "export const word = 1;");
    const real = await engineWith("with-links", "");
    const check = async (path: string) => (await command(["engine", "check", path])).output;
    await mkdir(join(real, "node_modules"));
    await symlink(outside, join(real, "node_modules/linked"));
    await symlink(join(real, "engine.ts"), join(real, "again.ts"));
    expect(await check(real)).toContain("no problems");
    await symlink(join(outside, "word.ts"), join(real, "word.ts"));
    expect(await check(real)).toContain("with-links leads out of the plugin folder by a symbolic link");
    await rename(real, join(outside, "whole-folder"));
    await symlink(join(outside, "whole-folder"), join(folder, "whole-folder"));
    expect(await check(join(folder, "whole-folder"))).toContain("leads out of the plugin folder");
  }, 60_000);

  test("reports as JSON for programs", async () => {
    const more =
      'tables: { kept: ["a"] }, migrations: [{ id: "0001_a", up: "create table a (tenant_id uuid not null)" }]';
    const { output } = await command(["engine", "check", "--json", await engineWith("as-json", more)]);
    expect(JSON.parse(output)).toMatchObject({
      manifest: { name: "as-json", from: "now" },
      migrations: ["0001_a"],
      tables: [{ name: "a", protected: true, kept: true }],
      problems: [],
    });
  }, 30_000);
});

describe("engine enable and disable", () => {
  let database: TestDatabase;
  let owner: Record<string, string>;
  beforeAll(async () => {
    database = await testDatabase();
    owner = { DATABASE_URL: database.urls.owner };
    await command(["tenant", "create", "--slug", "casa", "--name", "Casa"], owner);
    const name = await engineWith("switched", "config: Type.Object({ shown: Type.Integer({ default: 10 }) })");
    expect(await command(["engine", "install", name], owner)).toMatchObject({ code: 0 });
  }, 60_000);

  const setting = () =>
    withSession(database.urls.admin, async (sql) => {
      const [row] = await sql`select enabled, config from engine_tenant where engine = 'switched'`;
      return row && { enabled: row.enabled, config: row.config };
    });
  const change = (word: string, ...more: string[]) =>
    command(["engine", word, "switched", "--tenant", "casa", ...more], owner);

  test("switch an engine for a shop; its configuration stays until another is given", async () => {
    expect(await change("enable", "--config", '{"shown": 3}')).toMatchObject({ code: 0 });
    expect(await setting()).toEqual({ enabled: true, config: { shown: 3 } });
    expect((await change("disable")).output).toContain("switched is off for casa");
    expect(await setting()).toEqual({ enabled: false, config: { shown: 3 } });
  });

  test("refuse what the engine's configuration does not allow, and what is not there", async () => {
    expect(await change("enable", "--config", '{"shown": "many"}')).toMatchObject({ code: 2 });
    expect(await change("enable", "--config", '{"show": 3}')).toMatchObject({ code: 2 });
    expect(await change("enable", "--config", "[]")).toMatchObject({ code: 2 });
    expect(await setting()).toEqual({ enabled: false, config: { shown: 3 } });
    const nobody = await command(["engine", "enable", "nobody", "--tenant", "casa"], owner);
    expect(nobody).toEqual({ code: 1, output: expect.stringContaining("engine nobody not found") });
    const nowhere = await command(["engine", "enable", "switched", "--tenant", "nowhere"], owner);
    expect(nowhere).toMatchObject({ code: 1 });
  });
});
