import { Queue, Worker } from "bullmq";
import postgres from "postgres";
import { jobs } from "./jobs.ts";

// The peer as its documentation runs it, with as much at a time as the database has connections for.
const [, , url = "", redis = "", mode = "work", statement = "", count = "0", tenants = "1"] = process.argv;
const QUEUE = "effect";
const { hostname, port } = new URL(redis);
const connection = { host: hostname, port: Number(port), maxRetriesPerRequest: null };

if (mode === "fill") {
  const queue = new Queue(QUEUE, { connection });
  for (const some of jobs(Number(count), Number(tenants), 2000)) {
    await queue.addBulk(some.map((data) => ({ name: QUEUE, data, opts: { removeOnComplete: true } })));
  }
  process.exit(0);
}
const sql = postgres(url, { max: 10, fetch_types: false });
new Worker(
  QUEUE,
  async ({ data }) => {
    await sql.unsafe(statement, [JSON.stringify([data])], { prepare: true });
  },
  { connection, concurrency: 50 },
);
console.log("running");
