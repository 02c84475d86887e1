import { beforeAll, describe, expect, test } from "bun:test";
import { type TestDatabase, testDatabase } from "../harness/database.ts";
import { freePort } from "../harness/ports.ts";
import { PROGRAM, startProgram } from "../harness/program.ts";
import { type Redis, startRedis } from "../harness/redis.ts";
import { withSession } from "../harness/session.ts";
import { SECRET_KEY } from "./platform.ts";

/** Runs the program to its end; a refusal is one that ends by itself, with a sentence and without a stack trace. */
async function refused(args: string[], env: Record<string, string>): Promise<{ code: number | null; output: string }> {
  const { code, output } = await startProgram({ command: PROGRAM, args, env }).exited;
  expect(output).not.toMatch(/^\s+at /m);
  expect(output).not.toContain(SECRET_KEY);
  return { code, output };
}

describe("what cannot work is refused with a sentence that tells what to do", () => {
  let database: TestDatabase;
  let redis: Redis;
  let well: Record<string, string>;
  beforeAll(async () => {
    [database, redis] = await Promise.all([testDatabase(), startRedis()]);
    well = { DATABASE_URL: database.urls.vertical, REDIS_URL: redis.url, SECRET_KEY, HOST: "127.0.0.1" };
  }, 60_000);

  test("a flag that does not exist", async () => {
    const { code, output } = await refused(["start", "--rol", "vertical"], well);
    expect({ code, output }).toEqual({ code: 2, output: expect.stringContaining("unknown option '--rol'") });
  });

  test("every problem of a configuration at once, by name, without secrets", async () => {
    const { code, output } = await refused(["start", "--role", "vertical,cashier"], {
      DATABASE_URL: "mysql://root:hunter2@localhost/shop",
      SECRET_KEY: "short",
      ALGORITHM: "none",
      VERTICAL_PORT: "http",
    });
    expect(code).toBe(2);
    for (const name of ["DATABASE_URL", "REDIS_URL", "SECRET_KEY", "ALGORITHM", "VERTICAL_PORT", "cashier"]) {
      expect(output).toContain(name);
    }
    expect(output).not.toContain("hunter2");
    expect(output).not.toContain("short\n");
  });

  test("no database", async () => {
    const DATABASE_URL = `postgres://basecommerce_vertical:test@127.0.0.1:${await freePort()}/shop`;
    const { code, output } = await refused(["start", "--role", "vertical"], { ...well, DATABASE_URL });
    expect({ code, output }).toEqual({
      code: 1,
      output: expect.stringContaining("cannot use PostgreSQL (DATABASE_URL)"),
    });
  });

  test("a wrong password of the database", async () => {
    const url = new URL(database.urls.vertical);
    url.password = "wrong";
    const { code, output } = await refused(["start", "--role", "vertical"], { ...well, DATABASE_URL: url.href });
    expect({ code, output }).toEqual({ code: 1, output: expect.stringContaining("refuses the user's password") });
    expect(output).not.toContain("wrong");
  });

  test("Redis absent", async () => {
    const REDIS_URL = `redis://127.0.0.1:${await freePort()}`;
    const { code, output } = await refused(["start", "--role", "vertical"], { ...well, REDIS_URL });
    expect({ code, output }).toEqual({ code: 1, output: expect.stringContaining("cannot reach Redis (REDIS_URL)") });
  });

  test("a Redis that would evict events", async () => {
    await using evicting = await startRedis({ args: ["--maxmemory-policy", "allkeys-lru"] });
    const { code, output } = await refused(["start", "--role", "relay"], {
      ...well,
      REDIS_URL: evicting.url,
      DATABASE_URL: database.urls.relay,
    });
    expect({ code, output }).toEqual({ code: 1, output: expect.stringContaining("set it to noeviction") });
  });

  test("a port that is taken", async () => {
    using taken = Bun.serve({ port: 0, hostname: "127.0.0.1", fetch: () => new Response("") });
    const { code, output } = await refused(["start", "--role", "vertical"], {
      ...well,
      VERTICAL_PORT: String(taken.port),
    });
    expect({ code, output }).toEqual({
      code: 1,
      output: expect.stringContaining(`port ${taken.port} on 127.0.0.1 is taken`),
    });
  });

  test("a database that was not migrated", async () => {
    await using empty = await testDatabase();
    await withSession(empty.urls.admin, (sql) => sql`truncate schema_migration`);
    const { code, output } = await refused(["start", "--role", "vertical"], {
      ...well,
      DATABASE_URL: empty.urls.vertical,
    });
    expect({ code, output }).toEqual({ code: 1, output: expect.stringContaining("run `basecommerce migrate`") });
  });

  test("a database that answers before a commit is on its disk", async () => {
    const fast = await testDatabase();
    await withSession(fast.urls.admin, (sql) => sql.unsafe(`alter database ${fast.name} set synchronous_commit = off`));
    const { code, output } = await refused(["start", "--role", "vertical"], {
      ...well,
      DATABASE_URL: fast.urls.vertical,
    });
    expect({ code, output }).toEqual({ code: 1, output: expect.stringContaining("synchronous_commit is off") });
  });

  test("another count of partitions than the stream was made with", async () => {
    await withSession(
      database.urls.owner,
      (sql) => sql`insert into event_stream values ('construction', 16) on conflict do nothing`,
    );
    const { code, output } = await refused(["start", "--role", "vertical"], { ...well, STREAM_PARTITIONS: "8" });
    expect({ code, output }).toEqual({ code: 1, output: expect.stringContaining("set STREAM_PARTITIONS=16") });
  });

  test("a login that has nothing to do with the role", async () => {
    const env = { ...well, DATABASE_URL: database.urls.vertical };
    const { code, output } = await refused(["start", "--role", "engines"], env);
    expect({ code, output }).toEqual({
      code: 1,
      output: expect.stringContaining("may not work as basecommerce_engines"),
    });
  });
});
