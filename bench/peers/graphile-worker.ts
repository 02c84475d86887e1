import { type RunnerOptions, run, runMigrations } from "graphile-worker";
import { withSession } from "../../test/harness/session.ts";

// The peer in a process of its own, as its documentation starts it; `statement` writes what one job stands for.
const [, , url = "", mode = "defaults", statement = "", count = "0"] = process.argv;

/** Its own words on performance: jobs fetched in batches to a local queue, completed in batches. */
const TUNED: Partial<RunnerOptions> = {
  concurrency: 24,
  preset: { worker: { localQueue: { size: 500 }, completeJobBatchDelay: 0, failJobBatchDelay: 0 } },
};
const CONCURRENT: Partial<RunnerOptions> = { concurrency: 10 };

const ADD_JOBS = `
  select from graphile_worker.add_jobs(array(
    select row('effect', json_build_object('tenant_id', gen_random_uuid(), 'event_id', gen_random_uuid(),
                 'quantity', '10.000', 'reason', repeat('x', 220)),
               null, null, null, null, null, null)::graphile_worker.job_spec
    from generate_series(1, $1::int)))`;

if (mode === "fill") {
  await runMigrations({ connectionString: url });
  await withSession(url, (sql) => sql.unsafe(ADD_JOBS, [count]));
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
