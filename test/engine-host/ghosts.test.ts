import { expect, test } from "bun:test";
import pino from "pino";
import { installEngine } from "../../src/engine-host/install.ts";
import { EngineInstance } from "../../src/engine-host/instance.ts";
import { PostgresDatabase } from "../../src/platform/database/postgres.ts";
import { LedgerReader } from "../../src/platform/events/ledger-reader.ts";
import { RedisStreams } from "../../src/platform/streams/redis.ts";
import { whenDone } from "../harness/cleanup.ts";
import { testDatabase } from "../harness/database.ts";
import { startRedis } from "../harness/redis.ts";
import { until } from "../harness/until.ts";
import { runRelay } from "../relay/running-relay.ts";
import { recorder } from "./recorder.ts";

const TRUE_EVENTS = 6;
/** Fewer than there are true events: the first read brings no ghost. */
const BATCH = 2;

test("ghosts behind more true events than an engine reads at a time are not applied, whenever the relay comes", async () => {
  const [{ urls }, redis] = await Promise.all([testDatabase(), startRedis()]);
  const admin = new PostgresDatabase({ url: urls.admin, application_name: "scene", max: 2 });
  const database = new PostgresDatabase({ url: urls.engines, application_name: "host", max: 4 });
  const streams = new RedisStreams(redis.url, "host", () => undefined);
  whenDone(async () => {
    await streams.close();
    await Promise.all([admin.close(), database.close()]);
  });
  const tenant_id = Bun.randomUUIDv7();
  await admin.query("insert into tenants (tenant_id, slug, name) values ($1, 'shop', 'Shop')", [tenant_id]);
  await admin.query("insert into event_stream (stream, partitions) values ('construction', 1)");
  await admin.query(
    `insert into event_log (event_id, tenant_id, stream, partition, event_type, version, key, payload, occurred_at, hops)
     select gen_random_uuid(), '${tenant_id}', 'construction', 0, 'stock_updated', 1, 'k' || g,
            json_build_object('product_id', 'k' || g, 'reason', 'true'), now(), 0
     from generate_series(1, ${TRUE_EVENTS}) g`,
  );
  const events = await new LedgerReader(admin).after(0, 100);
  const [first] = events;
  if (!first) throw new Error("nothing was written");
  const ghosts = [7, 8].map((seq) => ({ ...first, seq, event_id: Bun.randomUUIDv7(), key: `ghost ${seq}` }));
  await streams.refill([...events, ...ghosts].map((event) => ({ ...event, prev: event.seq - 1 })));

  const engine = recorder(undefined, { batch_size: BATCH });
  await installEngine(admin, engine);
  const instance = new EngineInstance(engine, {
    database,
    installer: undefined,
    streams,
    log: pino({ level: "silent" }),
    pace: { lease_seconds: 1, balance_ms: 50, retry_ms: 5, block_ms: 50 },
  });
  await instance.start();
  whenDone(() => instance.stop());
  await until(() => instance.stats?.failing?.includes("is not in the ledger"), {
    what: "the engine to refuse a ghost",
  });

  runRelay(urls.relay, redis.url);
  const handled = () => admin.query<{ key: string }>("select key from engine_recorder.handled order by place");
  await until(async () => (await handled()).length >= TRUE_EVENTS, { what: "the true events to be handled" });
  expect((await handled()).map(({ key }) => key)).toEqual(events.map(({ key }) => key));
}, 60_000);
