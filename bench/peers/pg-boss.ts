import { PgBoss } from "pg-boss";
import postgres from "postgres";
import { jobs } from "./jobs.ts";

// The peer at its best: batches of 500 fetched without polling, one insert for each batch, completed as a batch.
const [, , url = "", mode = "work", statement = "", count = "0", tenants = "1"] = process.argv;
const QUEUE = "effect";
const BATCH = 500;
const LOOPS = 2;

const boss = new PgBoss({ connectionString: url, supervise: false, schedule: false });
await boss.start();
if (mode === "fill") {
  await boss.createQueue(QUEUE);
  for (const some of jobs(Number(count), Number(tenants), 5000)) {
    await boss.insert(
      QUEUE,
      some.map((data) => ({ data })),
    );
  }
  process.exit(0);
}
const sql = postgres(url, { max: LOOPS, fetch_types: false });
console.log("running");
await Promise.all(
  Array.from({ length: LOOPS }, async () => {
    for (;;) {
      const fetched = await boss.fetch<object>(QUEUE, { batchSize: BATCH });
      if (fetched.length === 0) await Bun.sleep(50);
      else {
        const rows = JSON.stringify(fetched.map(({ data }) => data));
        await sql.unsafe(statement, [rows], { prepare: true });
        await boss.complete(
          QUEUE,
          fetched.map(({ id }) => id),
        );
      }
    }
  }),
);
