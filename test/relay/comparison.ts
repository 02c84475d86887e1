import type { Sql } from "postgres";
import { withClient } from "../harness/redis.ts";
import { withSession } from "../harness/session.ts";

/**
 * An engine that has read nothing yet: nothing is trimmed, and a lost stream is filled again from its first event. With
 * it the streams must hold all that ever committed.
 */
export async function holdEverything(admin: string, partitions: number): Promise<void> {
  await withSession(admin, async (sql) => {
    await sql`insert into event_stream (stream, partitions) values ('construction', ${partitions}) on conflict do nothing`;
    await sql`insert into engine (name, version, description, manifest) values ('holder', '1.0.0', 'holds', '{}')
              on conflict do nothing`;
    await sql`insert into engine_position (engine, stream, partition, position)
              select 'holder', 'construction', p, 0 from generate_series(0, ${partitions - 1}) p on conflict do nothing`;
  });
}

/** What each stream must hold, as `seq-0 event_id prev`. */
export async function wanted(sql: Sql, partition: number): Promise<string[]> {
  const rows = await sql<{ text: string }[]>`
    select seq || '-0 ' || event_id || ' ' || coalesce(lag(seq) over (order by seq), 0) as text
    from event_log where stream = 'construction' and partition = ${partition} order by seq`;
  return rows.map(({ text }) => text);
}

/** Undefined when every stream holds exactly the committed events, once, in order, with the right `prev`. */
export async function difference(admin: string, redis: string, partitions: number): Promise<string | undefined> {
  return await withSession(admin, (sql) =>
    withClient(redis, async (client) => {
      for (let partition = 0; partition < partitions; partition++) {
        const must = await wanted(sql, partition);
        const entries = await client.xrange(`events:construction:${partition}`, "-", "+");
        const holds = entries.map(([id, fields]) => {
          const field = (name: string) => fields[fields.indexOf(name) + 1];
          return `${id} ${field("event_id")} ${field("prev")}`;
        });
        const at = must.findIndex((text, i) => holds[i] !== text);
        if (at !== -1 || holds.length !== must.length) {
          return `partition ${partition}: ${holds.length} of ${must.length}, at ${at}: ${holds[at]} for ${must[at]}`;
        }
      }
      return undefined;
    }),
  );
}
