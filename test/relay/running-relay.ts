import pino from "pino";
import { PostgresDatabase } from "../../src/platform/database/postgres.ts";
import { Metrics } from "../../src/platform/observability/metrics.ts";
import { RedisStreams } from "../../src/platform/streams/redis.ts";
import { PostgresRelayStore } from "../../src/relay/postgres-store.ts";
import { Relay, type RelayOptions } from "../../src/relay/relay.ts";
import { relayMetrics } from "../../src/relay/relay-metrics.ts";
import { whenDone } from "../harness/cleanup.ts";

const LEASE_SECONDS = 2;

/** A relay in this process, on real servers; stopped when the test file is done. */
export function runRelay(database_url: string, redis_urls: string, options: Partial<RelayOptions> = {}) {
  const database = new PostgresDatabase({ url: database_url, application_name: "relay under test", max: 4 });
  const streams = new RedisStreams(redis_urls, "relay-under-test", () => undefined);
  const metrics = new Metrics();
  const relay = new Relay({
    store: new PostgresRelayStore(database, Bun.randomUUIDv7(), LEASE_SECONDS),
    streams,
    log: pino({ level: "silent" }),
    metrics: relayMetrics(metrics),
    lease_seconds: LEASE_SECONDS,
    ...options,
  });
  relay.start();
  const stop = whenDone(async () => {
    await relay.stop();
    await streams.close();
    await database.close();
  });
  /** What a metric without labels stands at. */
  const metric = async (name: string): Promise<number> => {
    const found = (await metrics.registry.getMetricsAsJSON()).find((one) => one.name === name);
    return Number(found?.values[0]?.value ?? 0);
  };
  return { relay, streams, stop, metric };
}
