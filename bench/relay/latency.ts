import pino from "pino";
import { PostgresDatabase } from "../../src/platform/database/postgres.ts";
import { Metrics } from "../../src/platform/observability/metrics.ts";
import { RedisStreams } from "../../src/platform/streams/redis.ts";
import { nameOf, type PartitionPosition } from "../../src/platform/streams/streams.ts";
import { PostgresRelayStore } from "../../src/relay/postgres-store.ts";
import { Relay } from "../../src/relay/relay.ts";
import { relayMetrics } from "../../src/relay/relay-metrics.ts";
import { withClient } from "../../test/harness/redis.ts";
import { until } from "../../test/harness/until.ts";
import type { Servers } from "./drain.ts";
import { PARTITIONS, rewind } from "./ledger.ts";

const LEASE_SECONDS = 5;
const EVERY_MS = 10;
const APPEND = `
  with made as (
    insert into event_log (event_id, tenant_id, stream, partition, event_type, version, key, payload, occurred_at, hops)
    select gen_random_uuid(), gen_random_uuid(), 'construction', g % ${PARTITIONS}, 'stock_updated', 1, 'key', '{"a": 1}',
           now(), 0
    from generate_series(1, $1::int) g
    returning seq)
  select max(seq) as seq from made`;

export interface Latencies {
  /** Milliseconds from the return of COMMIT to the entry being read from Redis. */
  commit_to_stream: number[];
  /** Part of one core that the process of relay, writer and reader uses while nothing happens. */
  idle_cpu: number;
}

/** `rate` events a second in commits every EVERY_MS, for `seconds`; each commit's last event is timed. */
export async function latency(servers: Servers, rate: number, seconds: number): Promise<Latencies> {
  await withClient(servers.redis, (client) => client.flushall());
  const pool = new PostgresDatabase({ url: servers.database, application_name: "bench relay", max: 4 });
  const writer = new PostgresDatabase({ url: servers.admin, application_name: "bench writer", max: 1 });
  const [row] = await writer.query<{ seq: number }>("select coalesce(max(seq), 0) as seq from event_log");
  const begin = row?.seq ?? 0;
  await rewind(servers.admin, begin);
  const streams = new RedisStreams(servers.redis, "bench", () => undefined);
  const relay = new Relay({
    store: new PostgresRelayStore(pool, Bun.randomUUIDv7(), LEASE_SECONDS),
    streams,
    log: pino({ level: "error" }),
    metrics: relayMetrics(new Metrics()),
  });
  relay.start();
  await until(() => relay.settled_seq >= begin && relay.active, { what: "the relay to lead", timeout: 30_000 });
  const idle_cpu = await cpuOf(1000);

  const committed = new Map<number, number>();
  const arrived = new Map<number, number>();
  let reading = true;
  const reader = streams.reader();
  const read = (async () => {
    const places = new Map<ReturnType<typeof nameOf>, PartitionPosition>();
    for (let partition = 0; partition < PARTITIONS; partition++) {
      places.set(nameOf({ stream: "construction", partition }), { stream: "construction", partition, position: begin });
    }
    while (reading) {
      for (const entry of (await reader.read(places, { count: 500, block_ms: 100 })).flat()) {
        places.set(nameOf(entry), { stream: entry.stream, partition: entry.partition, position: entry.seq });
        arrived.set(entry.seq, performance.now());
      }
    }
  })();
  const batch = Math.max(1, Math.round((rate * EVERY_MS) / 1000));
  const commits = Math.round((seconds * rate) / batch);
  const start = performance.now();
  for (let i = 0; i < commits; i++) {
    await Bun.sleep(Math.max(0, start + (i * batch * 1000) / rate - performance.now()));
    const [made] = await writer.query<{ seq: number }>(APPEND, [batch]);
    committed.set(made?.seq ?? 0, performance.now());
    streams.wake();
  }
  await until(() => [...committed.keys()].every((seq) => arrived.has(seq)), { what: "all to arrive", timeout: 30_000 });
  reading = false;
  await read;
  reader.close();
  await relay.stop();
  await Promise.all([streams.close(), pool.close(), writer.close()]);
  // An entry can be read before its writer hears that it has committed.
  const waits = [...committed].map(([seq, at]) => Math.max(0, (arrived.get(seq) ?? 0) - at));
  return { commit_to_stream: waits.sort((a, b) => a - b), idle_cpu };
}

async function cpuOf(milliseconds: number): Promise<number> {
  const before = process.cpuUsage();
  await Bun.sleep(milliseconds);
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1000 / milliseconds;
}
