import { withSession } from "../../test/harness/session.ts";

export const PARTITIONS = 16;

/** Appends `count` events of the usual size (an entry of about 800 bytes) by 500 shops, as fast as the server can. */
export async function appendEvents(admin: string, count: number): Promise<void> {
  await withSession(admin, async (sql) => {
    await sql`insert into event_stream (stream, partitions) values ('construction', ${PARTITIONS}) on conflict do nothing`;
    const [head] = await sql<{ head: string }[]>`select head from event_log_room()`;
    const ranges = Math.ceil((Number(head?.head ?? 0) + count) / 1_000_000) + 1;
    await sql`select event_log_extend(${ranges})`;
    for (let done = 0; done < count; done += 50_000) {
      await sql`
        insert into event_log (event_id, tenant_id, stream, partition, event_type, version, key, payload, occurred_at,
                               trace, hops)
        select gen_random_uuid(), ('00000000-0000-4000-8000-' || lpad((g % 500)::text, 12, '0'))::uuid, 'construction',
               (g % 500) % ${PARTITIONS}, 'stock_updated', 1, gen_random_uuid()::text,
               json_build_object('product_id', gen_random_uuid(), 'movement_type', 'sale', 'old_quantity', '100.000',
                                 'new_quantity', '97.000', 'reason', null, 'order_id', gen_random_uuid(),
                                 'user_id', gen_random_uuid()),
               now(), '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01', 0
        from generate_series(1, ${Math.min(50_000, count - done)}) g`;
    }
    await sql`vacuum analyze event_log`;
    await sql`checkpoint`;
  });
}

/** Has the next relay begin after `from`. */
export async function rewind(admin: string, from: number): Promise<void> {
  await withSession(admin, async (sql) => {
    await sql`delete from lease`;
    await sql`truncate relay_progress`;
    await sql`
      insert into relay_progress (stream, partition, settled_seq, last_seq)
      select 'construction', p, ${from}, coalesce((select max(seq) from event_log e
             where e.stream = 'construction' and e.partition = p and seq <= ${from}), 0)
      from generate_series(0, ${PARTITIONS - 1}) p where ${from} > 0`;
  });
}
