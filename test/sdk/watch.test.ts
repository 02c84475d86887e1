import { beforeAll, describe, expect, test } from "bun:test";
import { cp, mkdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { ShopClient } from "../e2e/path.ts";
import { runAsOwner, SECRET_KEY } from "../e2e/platform.ts";
import { type TestDatabase, testDatabase } from "../harness/database.ts";
import { temporaryFolder } from "../harness/folder.ts";
import { freePort } from "../harness/ports.ts";
import { PROGRAM, type Program, startProgram } from "../harness/program.ts";
import { startRedis } from "../harness/redis.ts";
import { until } from "../harness/until.ts";
import { EchoEngine } from "./echo-engine.ts";

const LOCAL = { HOST: "127.0.0.1", DRAIN_SECONDS: "0" };

async function signIn(url: string, database: TestDatabase): Promise<ShopClient> {
  const launch = { command: PROGRAM, plugins: "" };
  await runAsOwner(launch, database, ["tenant", "create", "--slug", "casa", "--name", "Casa"]);
  const user = ["user", "create", "--tenant", "casa", "--email", "a@casa.test", "--name", "A", "--role", "admin"];
  const made = await runAsOwner(launch, database, user);
  const password = /password: (\S+)/.exec(made)?.[1] ?? "";
  const client = new ShopClient({ url, slug: "casa", email: "a@casa.test", password });
  await client.login();
  return client;
}

describe("a saved engine is live, each in its Worker", () => {
  let plugins: string;
  let program: Program;
  let client: ShopClient;
  let echo: EchoEngine;
  beforeAll(async () => {
    plugins = await temporaryFolder("plugins");
    await EchoEngine.write(plugins, "one");
    const [database, redis] = await Promise.all([testDatabase(), startRedis()]);
    const port = freePort();
    const url = `http://127.0.0.1:${port}`;
    program = startProgram({
      command: PROGRAM,
      args: ["start", "--role", "all", "--watch", "--plugins", plugins],
      env: {
        ...LOCAL,
        DATABASE_URL: database.urls.owner,
        REDIS_URL: redis.url,
        SECRET_KEY,
        VERTICAL_PORT: String(port),
      },
    });
    await program.ready(`${url}/ready`);
    client = await signIn(url, database);
    echo = new EchoEngine(plugins, client);
    await echo.says("one");
  }, 60_000);

  test("within a second or so, also when only a file it imports was saved", async () => {
    await echo.saveWord("two");
    await echo.says("two");
    await program.line("engine reloaded");
  });

  test("and no event is lost or handled twice while code is replaced under a stream of them", async () => {
    const made: string[] = [];
    let writing = true;
    const writer = async () => {
      for (let number = 1; writing; number++) {
        const product = { name: `Areia ${number}`, unit: "M3", base_price: "120.00" };
        made.push(String((await client.post("/api/v1/products", product)).id));
      }
    };
    const written = writer();
    try {
      for (const word of ["three", "four", "five"]) {
        await echo.saveWord(word);
        await echo.says(word);
        const noted = async () => (await echo.seen()).some((row) => row.word === word);
        await until(noted, { what: `an event to be handled by "${word}"` });
      }
    } finally {
      writing = false;
      await written;
    }
    await until(async () => (await echo.seen()).length >= made.length, { what: "all events to be handled" });
    expect((await echo.seen()).map(({ product_id }) => product_id).sort()).toEqual(made.sort());
  });

  test("unless it does not run: the old code goes on, and the log says why", async () => {
    const from = program.lines.length;
    await echo.save("word.ts", "export const WORD = ;\n");
    await program.line("echo/word.ts:1:21: Unexpected ;", { from });
    await program.line("the new code does not run; the old one goes on", { from });
    await echo.says("five");
    await echo.saveWord("six");
    await echo.says("six");
  });

  test("a folder that appears is an engine more, one that goes is one less", async () => {
    const more = join(plugins, "more");
    await mkdir(join(plugins, ".draft"));
    const text = await Bun.file(join(plugins, "echo/engine.ts")).text();
    await cp(join(plugins, "echo"), join(plugins, ".draft"), { recursive: true });
    await Bun.write(join(plugins, ".draft/engine.ts"), text.replace('name: "echo"', 'name: "more"'));
    await cp(join(plugins, ".draft"), more, { recursive: true });
    const states = async () => {
      const { items } = await client.get("/api/v1/engines");
      return Array.isArray(items) ? items.flatMap(({ name, state }) => (name === "more" ? [state] : [])) : [];
    };
    await until(async () => (await states()).includes("running"), { what: "the new engine to run" });
    await rm(more, { recursive: true });
    await until(async () => (await states()).length === 0, { what: "the engine to be gone" });
  });
});

test("a saved engine is live in embedded mode too, where all share one thread", async () => {
  const [plugins, data] = [await temporaryFolder("plugins"), await temporaryFolder("data")];
  await EchoEngine.write(plugins, "one");
  const port = freePort();
  const program = startProgram({
    command: PROGRAM,
    args: ["start", "--role", "all", "--demo", "--watch", "--plugins", plugins, "--data", data],
    env: { ...LOCAL, VERTICAL_PORT: String(port) },
  });
  await program.line("engines/stock/alerts", { timeout: 110_000 });
  const [, email = "", password = ""] = /(seller@\S+)\s+password (\S+)/.exec(program.output) ?? [];
  const client = new ShopClient({ url: `http://127.0.0.1:${port}`, slug: "demo", email, password });
  await client.login();
  const echo = new EchoEngine(plugins, client);
  await echo.says("one");
  const from = program.lines.length;
  await echo.saveWord("two");
  await echo.says("two");
  await echo.save("word.ts", "export const WORD = ;\n");
  await program.line("echo/word.ts:1:21: Unexpected ;", { from });
  await program.line("the new code does not run; the old one goes on", { from });
  await echo.saveWord("three");
  await echo.says("three");
  const seen = await echo.seen();
  expect(new Set(seen.map(({ product_id }) => product_id)).size).toBe(seen.length);
  expect(await program.stop()).toBe(0);
}, 150_000);
