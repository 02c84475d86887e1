import { type RunnerOptions, run } from "graphile-worker";

// The peer in a process of its own, as its documentation starts it: `effect` writes the rows one job stands for.
const [, , url = "", mode = "defaults", statement = ""] = process.argv;

/** Its own words on performance: jobs fetched in batches to a local queue, completed in batches. */
const TUNED: Partial<RunnerOptions> = {
  concurrency: 24,
  preset: { worker: { localQueue: { size: 500 }, completeJobBatchDelay: 0, failJobBatchDelay: 0 } },
};
const CONCURRENT: Partial<RunnerOptions> = { concurrency: 10 };

const runner = await run({
  connectionString: url,
  maxPoolSize: 10,
  noHandleSignals: true,
  ...(mode === "tuned" ? TUNED : CONCURRENT),
  taskList: {
    effect: async (payload, { withPgClient }) => {
      await withPgClient((client) => client.query({ name: "effect", text: statement, values: valuesOf(payload) }));
    },
  },
});
console.log("running");
await runner.promise;

function valuesOf(payload: unknown): unknown[] {
  return typeof payload === "object" && payload !== null ? Object.values(payload) : [];
}
