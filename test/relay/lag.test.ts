import { expect, test } from "bun:test";
import type { Row, Transaction } from "../../src/platform/database/database.ts";
import { PostgresDatabase } from "../../src/platform/database/postgres.ts";
import { ledgerStatus } from "../../src/relay/status.ts";
import { whenDone } from "../harness/cleanup.ts";
import { testDatabase } from "../harness/database.ts";
import { withSession } from "../harness/session.ts";

interface Plan {
  "Relation Name"?: string;
  "Actual Rows": number;
  "Rows Removed by Filter"?: number;
  "Actual Loops": number;
  Plans?: Plan[];
}

/** Rows of the ledger that a plan looked at. */
function ledgerRows(plan: Plan): number {
  const own = (plan["Actual Rows"] + (plan["Rows Removed by Filter"] ?? 0)) * plan["Actual Loops"];
  const below = (plan.Plans ?? []).reduce((sum, part) => sum + ledgerRows(part), 0);
  return below + (plan["Relation Name"]?.startsWith("event_log_1") ? own : 0);
}

test("how far the relay is behind is told without reading what it has published", async () => {
  const { urls } = await testDatabase();
  await withSession(urls.admin, async (sql) => {
    await sql`
      insert into event_log (event_id, tenant_id, stream, partition, event_type, version, key, payload, occurred_at, hops)
      select gen_random_uuid(), gen_random_uuid(), 'construction', 0, 'stock_updated', 1, 'k', '{}',
             now() - interval '1 hour', 0
      from generate_series(1, 60000)`;
    await sql`insert into relay_progress values ('construction', 0, 59990, 59990)`;
    await sql`analyze event_log`;
  });
  const database = new PostgresDatabase({ url: urls.relay, application_name: "lag", max: 1 });
  whenDone(() => database.close());
  let looked_at = 0;
  const read = <T>(work: (tx: Transaction) => Promise<T>) =>
    database.transaction({}, async (tx) => {
      const query: Transaction["query"] = async <R extends Row>(sql: string) => {
        const [row] = await tx.query<{ "QUERY PLAN": { Plan: Plan }[] }>(`explain (analyze, format json) ${sql}`);
        for (const { Plan } of row?.["QUERY PLAN"] ?? []) looked_at += ledgerRows(Plan);
        return await tx.query<R>(sql);
      };
      return await work(
        new Proxy(tx, { get: (target, name) => (name === "query" ? query : Reflect.get(target, name)) }),
      );
    });
  const { lag_events, lag_seconds } = await ledgerStatus(read);
  expect(lag_events).toBe(10);
  expect(lag_seconds).toBeGreaterThan(3599);
  expect(looked_at).toBe(10);
});
