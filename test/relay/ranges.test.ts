import { expect, test } from "bun:test";
import postgres from "postgres";
import { PostgresDatabase } from "../../src/platform/database/postgres.ts";
import { OWNER, RELAY } from "../../src/platform/database/roles.ts";
import { prune, rangeVerdicts } from "../../src/relay/retention.ts";
import { testDatabase } from "../harness/database.ts";
import { freePort } from "../harness/ports.ts";
import { PROGRAM, startProgram } from "../harness/program.ts";
import { startRedis } from "../harness/redis.ts";
import { withSession } from "../harness/session.ts";
import { until } from "../harness/until.ts";
import { holdEverything } from "./comparison.ts";
import { PARTITIONS, Writers } from "./writers.ts";

const SIZE = 50;

/** Replaces the ranges that the migration made by ones that are full in no time. */
async function smallRanges(admin: string): Promise<void> {
  await withSession(admin, async (sql) => {
    for (const { name } of await sql<{ name: string }[]>`delete from event_log_range returning name`) {
      await sql`drop table ${sql(name)}`;
    }
    await sql`select event_log_extend(2, ${SIZE})`;
  });
}

test("ranges are made under open writers, and nobody waits", async () => {
  const { urls } = await testDatabase();
  await smallRanges(urls.admin);
  const open = postgres(urls.admin, { max: 1, fetch_types: false });
  const relay = new PostgresDatabase({ url: urls.relay, application_name: "extend", max: 1, role: RELAY });
  const held = Promise.withResolvers<void>();
  const stalled = open.begin(async (tx) => {
    await tx`insert into event_log (event_id, tenant_id, stream, partition, event_type, version, key, payload, occurred_at, hops)
             values (gen_random_uuid(), gen_random_uuid(), 'construction', 0, 'stock_updated', 1, 'k', '{}', now(), 0)`;
    await held.promise;
  });
  await relay.query("set lock_timeout = '1s'");
  const writers = new Writers(urls, 4);
  const head = async () => (await relay.query<{ head: number }>("select head from event_log_room()"))[0]?.head ?? 0;
  // Rotation keeps ahead of the writers while one of them stands still the whole time.
  await until(
    async () => {
      await relay.query(`select event_log_extend(4, ${SIZE})`);
      return (await head()) > 6 * SIZE;
    },
    { what: "writers to fill six ranges", every: 5 },
  );
  await writers.stop();
  held.resolve();
  await stalled;
  await open.end();
  await relay.close();
}, 60_000);

test("no advisory lock that an engine takes keeps ranges from being made", async () => {
  const { urls } = await testDatabase();
  await withSession(urls.engines, async (engine) => {
    await engine`select pg_advisory_lock(7141974)`;
    await withSession(urls.admin, async (sql) => {
      await sql`set lock_timeout = '1s'`;
      const [row] = await sql<{ made: number }[]>`select event_log_extend(4) as made`;
      expect(row?.made).toBeGreaterThan(0);
    });
  });
}, 60_000);

test("the relay makes ranges ahead of need by itself; when it cannot, /ready says so in time", async () => {
  const [{ urls }, redis] = await Promise.all([testDatabase(), startRedis()]);
  await smallRanges(urls.admin);
  await holdEverything(urls.admin, PARTITIONS);
  const fill = (count: number) =>
    withSession(
      urls.admin,
      (sql) => sql`
        insert into event_log (event_id, tenant_id, stream, partition, event_type, version, key, payload, occurred_at, hops)
        select gen_random_uuid(), gen_random_uuid(), 'construction', 0, 'stock_updated', 1, 'k', '{}', now(), 0
        from generate_series(1, ${count})`,
    );
  await withSession(urls.admin, (sql) => sql`revoke execute on function event_log_extend from basecommerce_relay`);
  const port = freePort();
  const relay = startProgram({
    command: PROGRAM,
    args: ["start", "--role", "relay"],
    env: {
      DATABASE_URL: urls.relay,
      REDIS_URL: redis.url,
      RELAY_PORT: String(port),
      STREAM_PARTITIONS: String(PARTITIONS),
      DRAIN_SECONDS: "0",
    },
  });
  await relay.ready(`http://127.0.0.1:${port}/ready`, { timeout: 30_000 });
  await fill(2 * SIZE - 20);
  const ready = async () => {
    const answer = await fetch(`http://127.0.0.1:${port}/ready`);
    return { status: answer.status, text: await answer.text() };
  };
  expect(await ready()).toEqual({ status: 503, text: expect.stringContaining("only 20 seqs are left") });
  await withSession(urls.admin, (sql) => sql`grant execute on function event_log_extend to basecommerce_relay`);
  await relay.ready(`http://127.0.0.1:${port}/ready`, { timeout: 30_000 });
  await fill(3 * SIZE);
  await relay.stop();
}, 90_000);

test("seqs come from the identity alone, one by one, and an event_id is there once", async () => {
  const { urls } = await testDatabase();
  await withSession(urls.admin, async (sql) => {
    const [sequence] =
      await sql`select cache_size::int, increment_by::int from pg_sequences where sequencename = 'event_log_seq_seq'`;
    expect({ ...sequence }).toEqual({ cache_size: 1, increment_by: 1 });
    const [ledger] = await sql`select partdefid::int from pg_partitioned_table where partrelid = 'event_log'::regclass`;
    expect({ ...ledger }).toEqual({ partdefid: 0 });
    const insert = () => sql`
      insert into event_log (event_id, tenant_id, stream, partition, event_type, version, key, payload, occurred_at, hops)
      values ('0190a5e0-0000-7000-8000-000000000001', gen_random_uuid(), 'construction', 0, 'stock_updated', 1, 'k', '{}', now(), 0)`;
    await insert();
    await expect(insert()).rejects.toMatchObject({ code: "23505" });
    const chosen = sql`
      insert into event_log (seq, event_id, tenant_id, stream, partition, event_type, version, key, payload, occurred_at, hops)
      values (7, gen_random_uuid(), gen_random_uuid(), 'construction', 0, 'stock_updated', 1, 'k', '{}', now(), 0)`;
    await expect(chosen).rejects.toMatchObject({ code: "428C9" });
  });
}, 60_000);

test("retention drops what is old, published and read, in order, and finishes what was interrupted", async () => {
  const { urls } = await testDatabase();
  await smallRanges(urls.admin);
  await holdEverything(urls.admin, PARTITIONS);
  const owner = new PostgresDatabase({ url: urls.owner, application_name: "prune", max: 1, role: OWNER });
  await withSession(urls.admin, async (sql) => {
    await sql`select event_log_extend(6, ${SIZE})`;
    await sql`insert into event_log (event_id, tenant_id, stream, partition, event_type, version, key, payload, occurred_at, hops)
              select gen_random_uuid(), gen_random_uuid(), 'construction', g % ${PARTITIONS}, 'stock_updated', 1, 'k', '{}',
                     now() - make_interval(days => case when g <= 120 then 40 else 1 end), 0
              from generate_series(1, ${4 * SIZE}) g`;
  });
  const verdicts = async () => (await rangeVerdicts(owner, 30)).slice(0, 3).map(({ kept }) => kept);
  expect(await verdicts()).toEqual(["not published", "not published", "not published"]);
  await withSession(
    urls.admin,
    (sql) =>
      sql`insert into relay_progress (stream, partition, settled_seq, last_seq) values ('construction', 0, 200, 200)`,
  );
  expect(await verdicts()).toEqual(["an engine has not read it", "an engine has not read it", "too young"]);
  expect(await prune(owner, 30)).toEqual([]);
  await withSession(urls.admin, (sql) => sql`update engine_position set position = 60`);
  expect(await verdicts()).toEqual([null, "an engine has not read it", "too young"]);

  // An open reader holds the drop up, not the writers; the range is finished the next time.
  const reader = postgres(urls.admin, { max: 1, fetch_types: false });
  const held = Promise.withResolvers<void>();
  const reading = Promise.withResolvers<void>();
  const busy = reader.begin(async (tx) => {
    await tx`select count(*) from event_log`;
    reading.resolve();
    await held.promise;
  });
  await reading.promise;
  expect(await prune(owner, 30)).toEqual([]);
  await withSession(
    urls.admin,
    (
      sql,
    ) => sql`insert into event_log (event_id, tenant_id, stream, partition, event_type, version, key, payload, occurred_at, hops)
                 values (gen_random_uuid(), gen_random_uuid(), 'construction', 0, 'stock_updated', 1, 'k', '{}', now(), 0)`,
  );
  held.resolve();
  await busy;
  await reader.end();
  expect(await prune(owner, 30)).toEqual(["event_log_1"]);

  // An engine that was stopped long ago holds nothing back; `updated_at` is all that says so.
  await withSession(urls.admin, (sql) => sql`update engine_position set updated_at = now() - interval '15 days'`);
  expect(await prune(owner, 30)).toEqual([`event_log_${SIZE + 1}`]);
  const [left] = await owner.query<{ count: number }>("select count(*) as count from event_log");
  expect(left?.count).toBe(4 * SIZE + 1 - 2 * SIZE);
  expect(await prune(owner, 0)).toEqual([]);
  await owner.close();
}, 60_000);
