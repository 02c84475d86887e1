import { type RunnerOptions, run, runMigrations } from "graphile-worker";
import { withSession } from "../../test/harness/session.ts";
import { jobs } from "./jobs.ts";

// The peer in a process of its own, as its documentation starts it; `statement` writes what one job stands for.
const [, , url = "", mode = "defaults", statement = "", count = "0", tenants = "1"] = process.argv;

/** Its own words on performance: jobs fetched in batches to a local queue, completed in batches. */
const TUNED: Partial<RunnerOptions> = {
  concurrency: 24,
  preset: { worker: { localQueue: { size: 500 }, completeJobBatchDelay: 0, failJobBatchDelay: 0 } },
};
const CONCURRENT: Partial<RunnerOptions> = { concurrency: 10 };

const ADD_JOBS = `
  select from graphile_worker.add_jobs(array(
    select row('effect', job, null, null, null, null, null, null)::graphile_worker.job_spec
    from json_array_elements($1::text::json) as job))`;

if (mode === "fill") {
  await runMigrations({ connectionString: url });
  await withSession(url, async (sql) => {
    for (const some of jobs(Number(count), Number(tenants), 5000)) await sql.unsafe(ADD_JOBS, [JSON.stringify(some)]);
  });
  process.exit(0);
}
const runner = await run({
  connectionString: url,
  maxPoolSize: 10,
  noHandleSignals: true,
  ...(mode === "tuned" ? TUNED : CONCURRENT),
  taskList: {
    effect: async (payload, { withPgClient }) => {
      const values = [JSON.stringify([payload])];
      await withPgClient((client) => client.query({ name: "effect", text: statement, values }));
    },
  },
});
console.log("running");
await runner.promise;
