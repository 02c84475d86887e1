import { expect, test } from "bun:test";
import { runProgram } from "../../src/cli/program.ts";
import { testDatabase } from "../harness/database.ts";
import { freePort } from "../harness/ports.ts";
import { PROGRAM, startProgram } from "../harness/program.ts";
import { withSession } from "../harness/session.ts";
import { holdEverything } from "../relay/comparison.ts";

const SHOP = "00000000-0000-4000-8000-000000000001";

async function insert(admin: string, event_type: string, key: string, occurred_at = "2026-01-31T12:00:00Z") {
  await withSession(
    admin,
    (sql) => sql`
      insert into event_log (event_id, tenant_id, stream, partition, event_type, version, key, payload, occurred_at, hops)
      values (${Bun.randomUUIDv7()}, ${SHOP}, 'construction', 1, ${event_type}, 1, ${key}, '{"a":1}', ${occurred_at}, 0)`,
  );
}

async function run(url: string, ...argv: string[]): Promise<{ code: number; lines: string[]; errors: string[] }> {
  const lines: string[] = [];
  const errors: string[] = [];
  const code = await runProgram(argv, {
    environment: { DATABASE_URL: url },
    input: async () => "",
    out: (line) => lines.push(line),
    error: (line) => errors.push(line),
  });
  return { code, lines, errors };
}

test("events are listed by type, key, shop and time, and shown whole", async () => {
  const { urls } = await testDatabase();
  await insert(urls.admin, "order_created", "order 1");
  await insert(urls.admin, "order_created", "order 2", "2026-02-01T12:00:00Z");
  await insert(urls.admin, "stock_updated", "product 1");
  for (const url of [urls.admin, urls.owner, urls.relay]) {
    const { lines, errors } = await run(url, "event", "list", "--type", "order_created", "--json");
    expect(errors).toEqual([]);
    expect(lines.map((line) => JSON.parse(line).key)).toEqual(["order 1", "order 2"]);
  }
  const since = await run(urls.relay, "event", "list", "--since", "2026-02-01T00:00Z", "--tenant", SHOP);
  expect(since.lines.join("\n")).toContain("order 2");
  expect(since.lines.join("\n")).not.toContain("order 1");
  const shown = await run(urls.relay, "event", "show", "1");
  expect(JSON.parse(shown.lines.join(""))).toMatchObject({ seq: 1, key: "order 1", payload: { a: 1 } });
  expect((await run(urls.relay, "event", "show", "99")).code).toBe(1);
  expect((await run(urls.relay, "event", "show", "nothing")).code).toBe(2);
  expect((await run(urls.relay, "event", "list", "--since", "soon")).code).toBe(2);
}, 60_000);

test("tail prints what is committed from then on", async () => {
  const { urls } = await testDatabase();
  await insert(urls.admin, "order_created", "before");
  const tail = startProgram({
    command: PROGRAM,
    args: ["event", "tail", "--type", "order_created"],
    env: { DATABASE_URL: urls.relay },
  });
  let number = 0;
  const writing = setInterval(() => void insert(urls.admin, "order_created", `order ${number++}`), 100);
  const line = await tail.line(/order \d/).finally(() => clearInterval(writing));
  expect(line).toContain("order_created");
  expect(tail.output).not.toContain("before");
  expect(await tail.stop()).toBe(0);
}, 30_000);

test("status tells head, place and lag", async () => {
  const { urls } = await testDatabase();
  await holdEverything(urls.admin, 2);
  await insert(urls.admin, "order_created", "order 1");
  await insert(urls.admin, "order_created", "order 2");
  await withSession(
    urls.admin,
    (sql) =>
      sql`insert into relay_progress (stream, partition, settled_seq, last_seq) values ('construction', 1, 1, 1)`,
  );
  const { lines, errors } = await run(urls.relay, "status", "--json");
  expect(errors).toEqual([]);
  const status = JSON.parse(lines.join(""));
  expect(status).toMatchObject({ head: 2, settled_seq: 1, lag_events: 1, relay: null });
  expect(status.lag_seconds).toBeGreaterThan(0);
  expect(status.partitions).toContainEqual({
    stream: "construction",
    partition: 1,
    last_seq: 1,
    length: null,
    bytes: null,
  });
  expect((await run(urls.relay, "status")).lines.join("\n")).toContain("none is active");
}, 60_000);

test("status tells of the ledger also where Redis does not answer, and that it does not", async () => {
  const { urls } = await testDatabase();
  await withSession(urls.admin, (sql) => sql`insert into event_stream values ('construction', 2)`);
  const env = { DATABASE_URL: urls.relay, REDIS_URL: `redis://127.0.0.1:${freePort()}` };
  const { code, output } = await startProgram({ command: PROGRAM, args: ["status"], env }).exited;
  expect(output).toContain("none is active");
  expect({ code, output }).toEqual({ code: 1, output: expect.stringContaining("cannot reach Redis (REDIS_URL)") });
}, 30_000);
