import { DEFAULT_PARTITIONS, partitionOf } from "../src/platform/events/partition.ts";
import { withClient } from "../test/harness/redis.ts";
import { withSession } from "../test/harness/session.ts";
import { until } from "../test/harness/until.ts";
import type { BenchPlatform } from "./platform.ts";
import { makeShops } from "./shops.ts";

/** A UUID of version 7 in SQL: the instant in milliseconds, then chance. */
const UUID_V7 = `encode(set_bit(set_bit(
  overlay(uuid_send(gen_random_uuid())
          placing substring(int8send((extract(epoch from clock_timestamp()) * 1000)::bigint) from 3) from 1 for 6),
  52, 1), 53, 1), 'hex')::uuid`;

/** Payloads of 350 bytes: what a movement of stock with a reason takes. */
const FILL = `
  insert into event_log (event_id, tenant_id, stream, partition, event_type, version, key, payload, occurred_at, hops)
  select ${UUID_V7}, s.tenant_id, 'construction', s.partition, 'stock_updated', 1, k.key,
         json_build_object('product_id', k.key, 'movement_type', 'in', 'old_quantity', '0.000', 'new_quantity', '10.000',
                           'reason', repeat('x', 169), 'order_id', null, 'user_id', null), now(), 0
  from generate_series(0, $1::int - 1) as g (n)
  join json_to_recordset($2::text::json) as s (i integer, tenant_id uuid, partition integer)
    on s.i = g.n % $3::int,
  lateral (select gen_random_uuid()::text as key, g.n as event) k
  order by g.n`;

/** Fills the ledger with `events` of `shops` in turn, as if they had been recorded. */
export async function fillLedger({ database }: BenchPlatform, events: number, shops: number): Promise<void> {
  const ids = await makeShops(database.urls.admin, shops);
  const rows = ids.map((tenant_id, i) => ({ i, tenant_id, partition: partitionOf(tenant_id, DEFAULT_PARTITIONS) }));
  await withSession(database.urls.admin, async (sql) => {
    await sql.unsafe(`insert into event_stream (stream, partitions) values ('construction', ${DEFAULT_PARTITIONS})
                      on conflict do nothing`);
    await sql.unsafe(FILL, [events, JSON.stringify(rows), shops]);
    await sql.unsafe("analyze event_log");
  });
}

/** As if no relay had ever run: nothing is in Redis, and nothing is known to be. */
export async function unpublish({ redis, database }: BenchPlatform): Promise<void> {
  await withClient(redis.url, (client) => client.flushall());
  await withSession(database.urls.admin, (sql) => sql`delete from relay_progress`);
}

/** Has a relay copy the whole ledger to an empty Redis, and ends it: what is measured next is the engine alone. */
export async function publishAll(platform: BenchPlatform): Promise<void> {
  await unpublish(platform);
  const { process } = await platform.ready("relay");
  await withSession(platform.database.urls.admin, (sql) =>
    until(
      async () => {
        const [row] = await sql<{ done: boolean }[]>`
          select coalesce(max(last_seq) = (select max(seq) from event_log), false) as done from relay_progress`;
        return row?.done;
      },
      { what: "the relay to publish the backlog", timeout: 60_000, every: 50 },
    ),
  );
  await process.stop();
}
