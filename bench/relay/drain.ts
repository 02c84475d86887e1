import pino from "pino";
import { PostgresDatabase } from "../../src/platform/database/postgres.ts";
import { LedgerReader } from "../../src/platform/events/ledger-reader.ts";
import { Metrics } from "../../src/platform/observability/metrics.ts";
import { fieldsOf } from "../../src/platform/streams/entry.ts";
import { RedisStreams } from "../../src/platform/streams/redis.ts";
import { PostgresRelayStore } from "../../src/relay/postgres-store.ts";
import { Relay } from "../../src/relay/relay.ts";
import { relayMetrics } from "../../src/relay/relay-metrics.ts";
import { testDatabase } from "../../test/harness/database.ts";
import { startPostgres } from "../../test/harness/postgres.ts";
import { startRedis, withClient } from "../../test/harness/redis.ts";
import { until } from "../../test/harness/until.ts";
import { rewind } from "./ledger.ts";

const LEASE_SECONDS = 5;

export interface Servers {
  admin: string;
  /** Login of the relay. */
  database: string;
  redis: string;
}

/** Servers of the measurement's own, set for speed without giving up a commit. */
export async function openServers(): Promise<Servers> {
  const [postgres, server] = await Promise.all([
    startPostgres({ settings: { shared_buffers: "512MB", max_wal_size: "4GB" } }),
    startRedis(),
  ]);
  const { urls } = await testDatabase({ server: postgres });
  return { admin: urls.admin, database: urls.relay, redis: server.url };
}

/**
 * Events a second of a relay that copies `count` events after `from` into an empty Redis, in which the streams may grow to
 * `streams_max_bytes`.
 */
export async function drain(
  { admin, database, redis }: Servers,
  count: number,
  { from = 0, streams_max_bytes = 4e9 } = {},
): Promise<number> {
  await withClient(redis, (client) => client.flushall());
  await rewind(admin, from);
  const pool = new PostgresDatabase({ url: database, application_name: "bench relay", max: 4 });
  const streams = new RedisStreams(redis, "bench", () => undefined);
  const relay = new Relay({
    store: new PostgresRelayStore(pool, Bun.randomUUIDv7(), LEASE_SECONDS),
    streams,
    log: pino({ level: "error" }),
    metrics: relayMetrics(new Metrics()),
    streams_max_bytes,
  });
  relay.start();
  // The time until a relay leads and has looked at everything is no part of its speed.
  const first = await until(() => (relay.settled_seq > from ? relay.settled_seq : 0), {
    what: "the relay to publish",
    timeout: 60_000,
    every: 1,
  });
  const start = performance.now();
  await until(() => relay.settled_seq >= from + count, { what: "the relay to be done", timeout: 300_000, every: 2 });
  const last = relay.settled_seq;
  const seconds = (performance.now() - start) / 1000;
  await relay.stop();
  await streams.close();
  await pool.close();
  return (last - first) / seconds;
}

/** Events a second when they are only read, page by page, and thrown away. */
export async function readOnly({ database }: Servers, count: number): Promise<number> {
  const pool = new PostgresDatabase({ url: database, application_name: "bench read", max: 1 });
  const ledger = new LedgerReader(pool);
  const start = performance.now();
  let seen = 0;
  for (let after = 0; seen < count; ) {
    const { events } = await ledger.page(after, 2000);
    const last = events.at(-1);
    if (!last) break;
    seen += events.length;
    after = last.seq;
  }
  const rate = seen / ((performance.now() - start) / 1000);
  await pool.close();
  return rate;
}

/** Events a second of the plain way: a page, one ioredis pipeline for it, the next page. */
export async function plainPipeline({ database, redis }: Servers, count: number): Promise<number> {
  const pool = new PostgresDatabase({ url: database, application_name: "bench plain", max: 1 });
  const ledger = new LedgerReader(pool);
  const rate = await withClient(redis, async (client) => {
    await client.flushall();
    const start = performance.now();
    let seen = 0;
    for (let after = 0; seen < count; ) {
      const { events } = await ledger.page(after, 2000);
      const last = events.at(-1);
      if (!last) break;
      const pipeline = client.pipeline();
      for (const event of events) {
        pipeline.xadd(
          `events:${event.stream}:${event.partition}`,
          `${event.seq}-0`,
          ...fieldsOf({ ...event, prev: 0 }),
        );
      }
      await pipeline.exec();
      seen += events.length;
      after = last.seq;
    }
    return seen / ((performance.now() - start) / 1000);
  });
  await pool.close();
  return rate;
}

/** Entries a second of `redis-benchmark -P 200` with XADD of the first event of the ledger. */
export async function benchmark({ database, redis }: Servers, count: number): Promise<number> {
  const pool = new PostgresDatabase({ url: database, application_name: "bench entry", max: 1 });
  const [event] = await new LedgerReader(pool).after(0, 1);
  await pool.close();
  if (!event) throw new Error("the ledger is empty");
  await withClient(redis, (client) => client.flushall());
  const { port } = new URL(redis);
  const entry = fieldsOf({ ...event, prev: 0 }).map(String);
  const command = [
    "redis-benchmark",
    "-p",
    port,
    "-P",
    "200",
    "-n",
    `${count}`,
    "--csv",
    "XADD",
    "bench",
    "*",
    ...entry,
  ];
  const run = Bun.spawn(command, { stdout: "pipe", stderr: "ignore" });
  const last = (await new Response(run.stdout).text()).trim().split("\n").at(-1) ?? "";
  // Name, rate and latencies; the name holds the payload's commas and quotes.
  const rate = Number(last.split('","').at(-7)?.replaceAll('"', ""));
  if (!Number.isFinite(rate)) throw new Error(`redis-benchmark says ${last}`);
  return rate;
}
