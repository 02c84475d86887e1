import { expect, test } from "bun:test";
import { testDatabase } from "../harness/database.ts";
import { startRedis, withClient } from "../harness/redis.ts";
import { withSession } from "../harness/session.ts";
import { until } from "../harness/until.ts";
import { holdEverything } from "./comparison.ts";
import { runRelay } from "./running-relay.ts";
import { PARTITIONS } from "./writers.ts";

test("a relay that cannot reach the database stops saying that it leads, and leads again afterwards", async () => {
  const [{ urls, name }, redis] = await Promise.all([testDatabase(), startRedis()]);
  const { metric } = runRelay(urls.relay, redis.url);
  const active = () => metric("basecommerce_relay_active");
  await until(async () => (await active()) === 1, { what: "the relay to lead" });
  const server = new URL(urls.admin);
  server.pathname = "/postgres";
  const admit = (whether: boolean) =>
    withSession(server.href, async (sql) => {
      await sql.unsafe(`alter database ${name} with allow_connections ${whether}`);
      await sql`select pg_terminate_backend(pid) from pg_stat_activity where datname = ${name}`;
    });
  await admit(false);
  await until(async () => (await active()) === 0, { what: "the lease to be over", timeout: 20_000 });
  await admit(true);
  await until(async () => (await active()) === 1, { what: "the relay to lead again", timeout: 20_000 });
}, 60_000);

test("a relay that may not write to Redis says so, until it may", async () => {
  const [{ urls }, redis] = await Promise.all([testDatabase(), startRedis()]);
  await holdEverything(urls.admin, PARTITIONS);
  const { relay } = runRelay(urls.relay, redis.url);
  await until(() => relay.active, { what: "the relay to lead" });
  expect(relay.trouble).toBeUndefined();
  await withClient(redis.url, async (client) => {
    await client.set("of somebody else", "x".repeat(4_000_000));
    await client.config("SET", "maxmemory", "2mb");
  });
  await withSession(
    urls.admin,
    (sql) => sql`
      insert into event_log (event_id, tenant_id, stream, partition, event_type, version, key, payload, occurred_at, hops)
      values (gen_random_uuid(), gen_random_uuid(), 'construction', 0, 'stock_updated', 1, 'k', '{}', now(), 0)`,
  );
  await until(() => relay.trouble === "Redis has no memory left (maxmemory)", { what: "the relay to say so" });
  await withClient(redis.url, (client) => client.del("of somebody else"));
  await until(() => relay.trouble === undefined && relay.settled_seq === 1, { what: "the event to be published" });
}, 60_000);
