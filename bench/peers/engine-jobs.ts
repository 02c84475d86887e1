import { PgBoss } from "pg-boss";
import postgres from "postgres";
import { apply as sales } from "../../engines/sales/apply.ts";
import { eventTypes as salesTypes } from "../../engines/sales/batch.ts";
import { apply as stock } from "../../engines/stock/apply.ts";
import { eventTypes as stockTypes } from "../../engines/stock/batch.ts";

// A first-party engine's own code on a queue: its events as jobs of pg-boss, which runs them in batches at its best.
const ENGINES = {
  stock: { apply: stock, types: stockTypes },
  sales: { apply: sales, types: salesTypes },
};
const [, , url = "", name = "", mode = "work"] = process.argv;
if (name !== "stock" && name !== "sales") throw new Error(`no such engine: ${name}`);
const { apply, types } = ENGINES[name];
const BATCH = 500;
const CHUNK = 5000;

const boss = new PgBoss({ connectionString: url, supervise: false, schedule: false });
await boss.start();
const sql = postgres(url, { max: 1, fetch_types: false, connection: { search_path: `engine_${name}` } });
if (mode === "fill") {
  await boss.createQueue(name);
  for (let after = 0; ; ) {
    const events = await sql<{ seq: number }[]>`
      select seq::int, event_id, tenant_id, stream, partition, event_type, version, key, payload, occurred_at::text
      from public.event_log where seq > ${after} and event_type in ${sql([...types])} order by seq limit ${CHUNK}`;
    const last = events.at(-1);
    if (!last) break;
    await boss.insert(
      name,
      events.map((event) => ({ data: event })),
    );
    after = last.seq;
  }
  process.exit(0);
}
console.log("running");
for (;;) {
  const jobs = await boss.fetch<never>(name, { batchSize: BATCH });
  if (jobs.length === 0) await Bun.sleep(50);
  else {
    const events: never[] = jobs.map(({ data }) => data);
    await sql.begin(async (tx) => {
      const query = async (text: string, values: readonly string[] = []) =>
        await tx.unsafe(text, [...values], { prepare: true });
      await apply(events, { db: { query } as never });
    });
    await boss.complete(
      name,
      jobs.map(({ id }) => id),
    );
  }
}
