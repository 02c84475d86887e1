import { PgBoss } from "pg-boss";
import postgres from "postgres";

// The peer at its best: batches of 500 fetched without polling, one insert for each batch, completed as a batch.
const [, , url = "", mode = "work", statement = "", count = "0"] = process.argv;
const QUEUE = "effect";
const BATCH = 500;
const LOOPS = 2;

const boss = new PgBoss({ connectionString: url, supervise: false, schedule: false });
await boss.start();
if (mode === "fill") {
  await boss.createQueue(QUEUE);
  const data = { tenant_id: crypto.randomUUID(), quantity: "10.000", reason: "x".repeat(250) };
  for (let left = Number(count); left > 0; left -= 5000) {
    const jobs = Array.from({ length: Math.min(left, 5000) }, () => ({
      data: { ...data, event_id: crypto.randomUUID() },
    }));
    await boss.insert(QUEUE, jobs);
  }
  process.exit(0);
}
const sql = postgres(url, { max: LOOPS, fetch_types: false });
console.log("running");
await Promise.all(
  Array.from({ length: LOOPS }, async () => {
    for (;;) {
      const jobs = await boss.fetch<object>(QUEUE, { batchSize: BATCH });
      if (jobs.length === 0) await Bun.sleep(50);
      else {
        const rows = JSON.stringify(jobs.map(({ data }) => data));
        await sql.unsafe(statement, [rows], { prepare: true });
        await boss.complete(
          QUEUE,
          jobs.map(({ id }) => id),
        );
      }
    }
  }),
);
