import { Queue, Worker } from "bullmq";
import postgres from "postgres";

// The peer as its documentation runs it, with as much at a time as the database has connections for.
const [, , url = "", redis = "", mode = "work", statement = "", count = "0"] = process.argv;
const QUEUE = "effect";
const { hostname, port } = new URL(redis);
const connection = { host: hostname, port: Number(port), maxRetriesPerRequest: null };

if (mode === "fill") {
  const queue = new Queue(QUEUE, { connection });
  const data = { tenant_id: crypto.randomUUID(), quantity: "10.000", reason: "x".repeat(250) };
  for (let left = Number(count); left > 0; left -= 2000) {
    const job = () => ({
      name: QUEUE,
      data: { ...data, event_id: crypto.randomUUID() },
      opts: { removeOnComplete: true },
    });
    await queue.addBulk(Array.from({ length: Math.min(left, 2000) }, job));
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
