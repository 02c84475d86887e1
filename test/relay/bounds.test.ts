import { expect, test } from "bun:test";
import { testDatabase } from "../harness/database.ts";
import { startRedis, withClient } from "../harness/redis.ts";
import { startRedisCluster } from "../harness/redis-cluster.ts";
import { withSession } from "../harness/session.ts";
import { until } from "../harness/until.ts";
import { holdEverything } from "./comparison.ts";
import { runRelay } from "./running-relay.ts";
import { PARTITIONS } from "./writers.ts";

const MB = 1024 * 1024;

/** `count` committed events with payloads of `bytes`, in turn over the partitions. */
async function commit(admin: string, count: number, bytes: number): Promise<void> {
  await withSession(
    admin,
    (sql) => sql`
      insert into event_log (event_id, tenant_id, stream, partition, event_type, version, key, payload, occurred_at, hops)
      select gen_random_uuid(), gen_random_uuid(), 'construction', g % ${PARTITIONS}, 'stock_updated', 1, 'k',
             json_build_object('text', repeat('x', ${bytes})), now(), 0
      from generate_series(1, ${count}) g`,
  );
}

const used = (url: string) =>
  withClient(url, async (client) => Number(/used_memory:(\d+)/.exec(await client.info("memory"))?.[1]));

test("a full Redis loses its oldest entries, not its newest: the relay makes room and goes on", async () => {
  const [{ urls }, redis] = await Promise.all([testDatabase(), startRedis({ maxmemory: "24mb" })]);
  await holdEverything(urls.admin, PARTITIONS);
  await commit(urls.admin, 200, 300_000);
  const { relay, metric } = runRelay(urls.relay, redis.url);
  await until(() => relay.settled_seq === 200, { what: "all to be published", timeout: 30_000 });
  expect(await used(redis.url)).toBeLessThan(25 * MB);
  const ids = await withClient(redis.url, async (client) => {
    const found = await Promise.all([0, 1, 2, 3].map((n) => client.xrange(`events:construction:${n}`, "-", "+")));
    return found.map((entries) => entries.map(([id]) => Number.parseInt(id, 10)));
  });
  // The end of each partition without a hole: what is missing is only older than what is there.
  for (const [partition, seqs] of ids.entries()) {
    const newest = partition === 0 ? 200 : 196 + partition;
    expect(seqs).toEqual(seqs.map((_, i) => newest - (seqs.length - 1 - i) * PARTITIONS));
    expect(seqs.length).toBeGreaterThan(0);
  }
  expect(await metric("basecommerce_relay_published_total")).toBe(200);
}, 60_000);

test("a backlog of large payloads neither fills the relay's memory nor more of Redis than it may", async () => {
  const [{ urls }, redis] = await Promise.all([testDatabase(), startRedis()]);
  await holdEverything(urls.admin, PARTITIONS);
  await commit(urls.admin, 300, 1_000_000);
  let largest = 0;
  const { relay } = runRelay(urls.relay, redis.url, { streams_max_bytes: 40 * MB });
  Bun.gc(true);
  const before = process.memoryUsage.rss();
  await until(
    () => {
      largest = Math.max(largest, process.memoryUsage.rss() - before);
      return relay.settled_seq === 300;
    },
    { what: "all to be published", timeout: 60_000, every: 5 },
  );
  expect(largest).toBeLessThan(200 * MB);
  await commit(urls.admin, 1, 10);
  await until(async () => (await used(redis.url)) < 60 * MB, { what: "streams within their bound", timeout: 20_000 });
}, 90_000);

test("what every live engine has read is trimmed, up to the newest entry", async () => {
  const [{ urls }, redis] = await Promise.all([testDatabase(), startRedis()]);
  await holdEverything(urls.admin, PARTITIONS);
  await commit(urls.admin, 400, 100);
  const { relay } = runRelay(urls.relay, redis.url);
  await until(() => relay.settled_seq === 400, { what: "all to be published" });
  const length = () => withClient(redis.url, (client) => client.xlen("events:construction:1"));
  expect(await length()).toBe(100);
  await withSession(urls.admin, (sql) => sql`update engine_position set position = 200`);
  await commit(urls.admin, 4, 100);
  await until(async () => (await length()) === 51, { what: "the half that was read to be dropped", timeout: 20_000 });
  await withSession(urls.admin, (sql) => sql`update engine_position set position = 404`);
  await commit(urls.admin, 4, 100);
  await until(async () => (await length()) === 1, { what: "all but the newest to be dropped", timeout: 20_000 });
}, 60_000);

test("the relay carries events into a cluster, and heals a node that lost everything", async () => {
  const [{ urls }, cluster] = await Promise.all([testDatabase(), startRedisCluster()]);
  await holdEverything(urls.admin, PARTITIONS);
  await commit(urls.admin, 400, 100);
  const { relay } = runRelay(urls.relay, cluster.urls.join(","));
  await until(() => relay.settled_seq === 400, { what: "all to be published", timeout: 30_000 });
  const entries = async () => {
    const counts = await Promise.all(
      cluster.urls.map((url) =>
        withClient(url, async (client) => {
          const keys = await client.keys("events:*");
          const lengths = await Promise.all(keys.map((key) => client.xlen(key)));
          return lengths.reduce((sum, length) => sum + length, 0);
        }),
      ),
    );
    return counts.reduce((sum, count) => sum + count, 0);
  };
  expect(await entries()).toBe(400);
  for (const url of cluster.urls) await withClient(url, (client) => client.flushall());
  await until(async () => (await entries()) === 400, { what: "quiet partitions to be filled again", timeout: 20_000 });
}, 60_000);
