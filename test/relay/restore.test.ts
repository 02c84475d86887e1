import { expect, test } from "bun:test";
import { testDatabase } from "../harness/database.ts";
import { startPostgres } from "../harness/postgres.ts";
import { startRedis } from "../harness/redis.ts";
import { withSession } from "../harness/session.ts";
import { until } from "../harness/until.ts";
import { difference, holdEverything } from "./comparison.ts";
import { runRelay } from "./running-relay.ts";
import { PARTITIONS } from "./writers.ts";

async function commit(admin: string, count: number): Promise<void> {
  await withSession(
    admin,
    (sql) => sql`
      insert into event_log (event_id, tenant_id, stream, partition, event_type, version, key, payload, occurred_at, hops)
      select gen_random_uuid(), gen_random_uuid(), 'construction', g % ${PARTITIONS}, 'stock_updated', 1, 'k', '{}', now(), 0
      from generate_series(1, ${count}) g`,
  );
}

test("a ledger restored to an earlier state: what never was leaves the streams, under a relay that keeps running", async () => {
  const [server, redis] = await Promise.all([startPostgres(), startRedis()]);
  const { name, urls } = await testDatabase({ server });
  await holdEverything(urls.admin, PARTITIONS);
  await commit(urls.admin, 20);
  const early = runRelay(urls.relay, redis.url);
  await until(() => early.relay.settled_seq === 20, { what: "20 to be published", timeout: 30_000 });
  await early.stop();
  await server.createDatabase("backup", { template: name });

  await commit(urls.admin, 30);
  const { relay, metric } = runRelay(urls.relay, redis.url);
  await until(() => relay.settled_seq === 50, { what: "50 to be published", timeout: 30_000 });
  await server.dropDatabase(name);
  await server.createDatabase(name, { template: "backup" });
  // The same seqs again, for other events.
  await commit(urls.admin, 35);

  const problem = () => difference(urls.admin, redis.url, PARTITIONS);
  await until(async () => (await problem()) === undefined, { what: "the streams to be the ledger", timeout: 20_000 });
  expect(relay.settled_seq).toBe(55);
  expect(await metric("basecommerce_relay_divergences_total")).toBe(PARTITIONS);

  // A server that crashes and recovers is no other ledger, but is looked at as if it were.
  await server.kill();
  await server.start();
  await commit(urls.admin, 10);
  await until(async () => (await problem()) === undefined, { what: "the streams to go on", timeout: 20_000 });
  expect(await metric("basecommerce_relay_divergences_total")).toBe(PARTITIONS);
}, 90_000);

test("a relay hears of a commit at once, and asks a quiet database seldom", async () => {
  const [{ urls }, redis] = await Promise.all([testDatabase(), startRedis()]);
  await holdEverything(urls.admin, PARTITIONS);
  const { relay, streams } = runRelay(urls.relay, redis.url);
  await commit(urls.admin, 1);
  await until(() => relay.settled_seq === 1, { what: "the first to be published", timeout: 20_000 });
  const waits: number[] = [];
  for (let seq = 2; seq <= 60; seq++) {
    await commit(urls.admin, 1);
    const start = performance.now();
    streams.wake();
    await until(() => relay.settled_seq === seq, { what: "one more", every: 0 });
    waits.push(performance.now() - start);
  }
  // Without hints it would be half of IDLE_MS on average; 20 ms leave a busy machine its due.
  expect(waits.sort((a, b) => a - b)[30]).toBeLessThan(20);
}, 60_000);
