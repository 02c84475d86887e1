import { afterAll, beforeAll, expect, test } from "bun:test";
import type { Redis as Client } from "ioredis";
import pino from "pino";
import { PostgresDatabase } from "../../src/platform/database/postgres.ts";
import type { RedisStreams } from "../../src/platform/streams/redis.ts";
import { Mirror } from "../../src/relay/mirror.ts";
import { type TestDatabase, testDatabase } from "../harness/database.ts";
import { type Redis, startRedis, withClient } from "../harness/redis.ts";
import { withSession } from "../harness/session.ts";
import { until } from "../harness/until.ts";
import { runRelay } from "./running-relay.ts";

const KEY = "events:construction:0";
const EVENTS = 3000;

let urls: TestDatabase["urls"];
let redis: Redis;
let mirror: Mirror;
let streams: RedisStreams;
let database: PostgresDatabase;

beforeAll(async () => {
  [{ urls }, redis] = await Promise.all([testDatabase(), startRedis()]);
  await withSession(urls.admin, async (sql) => {
    await sql`insert into event_stream values ('construction', 1) on conflict (stream) do update set partitions = 1`;
    for (const [engine, position] of Object.entries({ done: EVENTS, near: EVENTS - 7, far: 0 })) {
      await sql`insert into engine (name, version, description, manifest) values (${engine}, '1.0.0', 'x', '{}')`;
      await sql`insert into engine_position (engine, stream, partition, position)
                values (${engine}, 'construction', 0, ${position})`;
    }
    await sql`
      insert into event_log (event_id, tenant_id, stream, partition, event_type, version, key, payload, occurred_at, hops)
      select gen_random_uuid(), gen_random_uuid(), 'construction', 0, 'stock_updated', 1, 'k', '{}', now(), 0
      from generate_series(1, ${EVENTS}::integer)`;
  });
  const running = runRelay(urls.relay, redis.url);
  streams = running.streams;
  database = new PostgresDatabase({ url: urls.relay, application_name: "mirror", max: 1 });
  mirror = new Mirror({ database, streams, relay: running.relay, log: pino({ level: "silent" }) });
  await published();
}, 60_000);
afterAll(() => database.close());

/** Waits until the relay has noted that all events are published, and they are. */
async function published(): Promise<void> {
  const noted = async () => {
    const [row] = await database.query<{ last_seq: number }>("select max(last_seq) as last_seq from relay_progress");
    return row?.last_seq === EVENTS && (await onRedis((client) => client.xlen(KEY))) === EVENTS;
  };
  await until(noted, { what: "all to be published" });
}

async function onRedis<T>(work: (client: Client) => Promise<T>): Promise<T> {
  return await withClient(redis.url, work);
}

/** Last id, lag and entries that nobody has confirmed. */
type Shown = readonly [last: string, lag: number, pending: number];

/** What any tool for Redis shows. */
async function groups(): Promise<Record<string, Shown>> {
  const found = await onRedis((client) => client.eval(GROUPS, 1, KEY));
  const shown = Array.isArray(found) ? found.map(String) : [];
  return Object.fromEntries(
    shown.map((text) => {
      const [name = "", last = "", lag, pending] = text.split(" ");
      return [name, [last, Number(lag), Number(pending)]];
    }),
  );
}

/** XINFO GROUPS, the same in every version of the protocol. */
const GROUPS = `
  local shown = {}
  for _, group in ipairs(redis.call('XINFO', 'GROUPS', KEYS[1])) do
    local of = {}
    for i = 1, #group, 2 do of[group[i]] = group[i + 1] end
    shown[#shown + 1] = table.concat({of['name'], of['last-delivered-id'], tostring(of['lag']), of['pending']}, ' ')
  end
  return shown`;

const PLACES: Record<string, Shown> = {
  "engine:done": [`${EVENTS}-0`, 0, 0],
  "engine:near": [`${EVENTS - 7}-0`, 7, 0],
  "engine:far": ["0-0", EVENTS, 0],
};

test("tools for Redis see engines as groups, each at its position and with its lag", async () => {
  await mirror.show();
  expect(await groups()).toEqual(PLACES);
  const move = (position: number) =>
    withSession(urls.admin, (sql) => sql`update engine_position set position = ${position} where engine = 'near'`);
  await move(EVENTS);
  await mirror.show();
  expect(await groups()).toEqual({ ...PLACES, "engine:near": [`${EVENTS}-0`, 0, 0] });
  await move(EVENTS - 7);
});

test("nothing is written where nothing has moved", async () => {
  await mirror.show();
  const written = () =>
    onRedis(async (client) => /cmdstat_xgroup\|setid:calls=(\d+)/.exec(await client.info("commandstats"))?.[1]);
  const before = await written();
  await mirror.show();
  expect(await written()).toBe(before);
});

test("groups of engines that were removed go, those of others stay", async () => {
  await onRedis((client) => client.xgroup("CREATE", KEY, "somebody", "5-0"));
  await onRedis((client) => client.xgroup("CREATE", KEY, "engine:removed", "5-0"));
  await mirror.show();
  expect(Object.keys(await groups()).sort()).toEqual([...Object.keys(PLACES), "somebody"].sort());
  await onRedis((client) => client.xgroup("DESTROY", KEY, "somebody"));
});

test("they are there again when Redis was wiped", async () => {
  await onRedis((client) => client.flushall());
  await mirror.show();
  await published();
  await mirror.show();
  expect(await groups()).toEqual(PLACES);
});
