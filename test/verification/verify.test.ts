import { beforeAll, describe, expect, test } from "bun:test";
import pino from "pino";
import type { Sql } from "postgres";
import { runProgram } from "../../src/cli/program.ts";
import { PostgresDatabase } from "../../src/platform/database/postgres.ts";
import { VERTICAL } from "../../src/platform/database/roles.ts";
import { appendEvents } from "../../src/platform/events/ledger.ts";
import { partitionOf } from "../../src/platform/events/partition.ts";
import { Metrics } from "../../src/platform/observability/metrics.ts";
import { Chain, forgetLinks } from "../../src/relay/chain.ts";
import type { Verification } from "../../src/verification/verify.ts";
import { whenDone } from "../harness/cleanup.ts";
import { type TestDatabase, testDatabase } from "../harness/database.ts";
import { type Redis, startRedis, withClient } from "../harness/redis.ts";
import { withSession } from "../harness/session.ts";
import { until } from "../harness/until.ts";
import { holdEverything } from "../relay/comparison.ts";
import { runRelay } from "../relay/running-relay.ts";

const PARTITIONS = 4;
const SHOPS = ["casa", "obra", "lar"].map((slug, i) => ({
  slug,
  tenant_id: `00000000-0000-4000-8000-00000000000${i}`,
}));
const EVENTS = 60;

let urls: TestDatabase["urls"];
let redis: Redis;
let database: PostgresDatabase;

/** Events of all shops in turn; `undo` leaves a gap in seq, as every rolled back transaction does. */
async function write(count: number, undo = false): Promise<void> {
  for (let i = 0; i < count; i++) {
    const tenant_id = SHOPS[i % SHOPS.length]?.tenant_id ?? "";
    const event = {
      event_id: Bun.randomUUIDv7(),
      tenant_id,
      stream: "construction",
      partition: partitionOf(tenant_id, PARTITIONS),
      event_type: "stock_updated",
      version: 1,
      key: `product\n${i}`,
      payload: { name: "Ção", i },
      occurred_at: new Date().toISOString(),
      trace: i % 2 === 0 ? null : `00-${"a".repeat(32)}-${"b".repeat(16)}-01`,
      causation_id: null,
      hops: 0,
    };
    const work = database.transaction({ role: VERTICAL, tenant_id }, async (tx) => {
      await appendEvents(tx, [event]);
      if (undo) throw new Error("undone");
    });
    await (undo ? work.catch(() => undefined) : work);
  }
}

async function chained(events: number): Promise<void> {
  await withSession(urls.admin, (sql) =>
    until(async () => (await sql`select 1 from event_chain`).length >= events, { what: `${events} links` }),
  );
}

beforeAll(async () => {
  [{ urls }, redis] = await Promise.all([testDatabase(), startRedis()]);
  database = new PostgresDatabase({ url: urls.vertical, application_name: "writer", max: 1 });
  const relays = new PostgresDatabase({ url: urls.relay, application_name: "chain", max: 1 });
  await holdEverything(urls.admin, PARTITIONS);
  await withSession(urls.admin, async (sql) => {
    for (const { tenant_id, slug } of SHOPS) {
      await sql`insert into tenants (tenant_id, slug, name) values (${tenant_id}, ${slug}, ${slug})`;
    }
  });
  const { relay } = runRelay(urls.relay, redis.url);
  const chain = new Chain({ database: relays, relay, metrics: new Metrics(), log: pino({ level: "silent" }) });
  chain.start();
  whenDone(async () => {
    await chain.stop();
    await Promise.all([database.close(), relays.close()]);
  });
  await write(EVENTS / 2);
  await write(1, true);
  await write(EVENTS / 2);
  await chained(EVENTS);
}, 60_000);

async function run(...argv: string[]): Promise<{ code: number; text: string }> {
  const lines: string[] = [];
  const print = (line: string) => void lines.push(line);
  const environment = { DATABASE_URL: urls.owner, REDIS_URL: redis.url };
  const code = await runProgram(["verify", ...argv], { environment, input: async () => "", out: print, error: print });
  return { code, text: lines.join("\n") };
}

async function found(...argv: string[]): Promise<Verification> {
  return JSON.parse((await run("--json", ...argv)).text);
}

test("what nobody touched agrees, for all and for one shop", async () => {
  const all = await run();
  expect(all).toEqual({ code: 0, text: expect.stringContaining(`ledger   ${EVENTS} events, 0 anonymized: agree`) });
  expect(all.text).toContain(`streams  ${EVENTS} entries: agree`);
  expect(all.text).toContain(`engines  ${PARTITIONS} positions: agree`);
  const one = await found("--tenant", "casa");
  expect(one).toMatchObject({ partitions: 1, first: null });
  expect(one.ledger.compared).toBeLessThan(EVENTS);
  expect(await run("--tenant", "nowhere")).toMatchObject({ code: 1, text: "basecommerce: shop nowhere not found" });
}, 60_000);

describe("the first event that was tampered with is named", () => {
  // The undone event left number 31 free.
  const cases: [string, number, string, (sql: Sql) => Promise<unknown>, (sql: Sql) => Promise<unknown>][] = [
    [
      "a changed payload",
      7,
      "another payload",
      (sql) => sql`update event_log set payload = '{"name": "Ção","i":6.0}' where seq = 7`,
      (sql) => sql`update event_log set payload = '{"name":"Ção","i":6}' where seq = 7`,
    ],
    [
      "a changed envelope",
      8,
      "envelope was changed",
      (sql) => sql`update event_log set hops = 1 where seq = 8`,
      (sql) => sql`update event_log set hops = 0 where seq = 8`,
    ],
    [
      "a dropped event",
      9,
      "no more in the ledger",
      async (sql) => {
        await sql`create table kept as select * from event_log where seq = 9`;
        await sql`delete from event_log where seq = 9`;
      },
      async (sql) => {
        await sql`insert into event_log overriding system value select * from kept`;
        await sql`drop table kept`;
      },
    ],
    [
      "an event added in a gap",
      31,
      "added later",
      (sql) => sql`insert into event_log overriding system value
                   select 31, gen_random_uuid(), tenant_id, stream, partition, event_type, version, key, payload,
                          occurred_at, trace, causation_id, hops from event_log where seq = 7`,
      (sql) => sql`delete from event_log where seq = 31`,
    ],
    [
      "a changed link",
      10,
      "the chain before it",
      async (sql) => {
        await sql`create table kept as select * from event_chain where seq = 10`;
        await sql`update event_chain set link = sha256(link) where seq = 10`;
      },
      async (sql) => {
        await sql`update event_chain c set link = kept.link from kept where c.seq = kept.seq`;
        await sql`drop table kept`;
      },
    ],
    [
      "an engine that stands where nothing is",
      1000,
      "is where engine holder stands",
      (sql) => sql`update engine_position set position = 1000 where partition = 0`,
      (sql) => sql`update engine_position set position = 0`,
    ],
  ];
  test.each(cases)("%s", async (_, seq, reason, tamper, undo) => {
    await withSession(urls.admin, tamper);
    try {
      const { code, text } = await run();
      expect(text).toMatch(new RegExp(`^The first event that does not agree: construction:\\d event ${seq} `, "m"));
      expect(text).toContain(reason);
      expect(code).toBe(1);
    } finally {
      await withSession(urls.admin, undo);
    }
    expect(await found()).toMatchObject({ first: null });
  });

  test("an entry that a stream lost between others", async () => {
    const partition = partitionOf(SHOPS[0]?.tenant_id ?? "", PARTITIONS);
    const key = `events:construction:${partition}`;
    const seq = await withClient(redis.url, async (client) => {
      const [, second] = await client.xrange(key, "-", "+", "COUNT", 2);
      await client.xdel(key, second?.[0] ?? "");
      return Number.parseInt(second?.[0] ?? "", 10);
    });
    expect((await found()).streams?.disagreements).toMatchObject([
      { partition, seq, reason: "is missing in the stream between others" },
    ]);
    // The shops of the other partitions are none of it.
    const other = SHOPS.find(({ tenant_id }) => partitionOf(tenant_id, PARTITIONS) !== partition);
    expect(await found("--tenant", other?.slug ?? "")).toMatchObject({ first: null });
    await withClient(redis.url, (client) => client.del(key));
    await until(async () => (await found()).first === null, { what: "the relay to fill the stream again" });
  }, 60_000);
});

test("an anonymized payload agrees, and is counted; one that was changed after that does not", async () => {
  const change = (payload: string, as_redaction: boolean) =>
    withSession(urls.admin, async (sql) => {
      await sql`update event_log set payload = ${payload}::text::json where seq = 12`;
      if (!as_redaction) return;
      await sql`insert into event_redaction (seq, tenant_id, payload_digest)
                select seq, tenant_id, event_chain_digest(payload) from event_log where seq = 12`;
    });
  await change('{"name":"—"}', true);
  expect(await found()).toMatchObject({ first: null, ledger: { anonymized: 1 } });
  await change('{"name":"Somebody"}', false);
  expect((await found()).first).toMatchObject({ seq: 12 });
  await change('{"name":"—"}', false);
});

test("after retention the chain goes on from the last link that was dropped", async () => {
  const owner = new PostgresDatabase({
    url: urls.owner,
    application_name: "prune",
    max: 1,
    role: "basecommerce_owner",
  });
  await withSession(urls.admin, async (sql) => {
    await sql`delete from event_log where seq < 41`;
    await sql`update event_log_range set from_seq = 41 where from_seq = 1`;
  });
  await forgetLinks(owner);
  await owner.close();
  const kept = await withSession(urls.admin, (sql) => sql`select 1 from event_chain where seq < 41`);
  const used = new Set(SHOPS.map(({ tenant_id }) => partitionOf(tenant_id, PARTITIONS)));
  expect(kept).toHaveLength(used.size);
  await write(3);
  await chained(EVENTS + 1 - 41 + 1 + used.size + 3);
  expect(await found()).toMatchObject({ first: null, ledger: { compared: EVENTS + 1 - 40 + 3 } });
}, 60_000);
