import type postgres from "postgres";
import { withSession } from "../../test/harness/session.ts";
import type { Statement } from "../recording.ts";

/** A node of a plan that was run, with the rows it looked at, those it threw away included. */
export interface PlanNode {
  node: string;
  relation: string;
  rows: number;
}

interface Explained {
  "Node Type": string;
  "Relation Name"?: string;
  "Actual Rows": number;
  "Actual Loops": number;
  "Rows Removed by Filter"?: number;
  "Rows Removed by Index Recheck"?: number;
  "Shared Hit Blocks": number;
  "Shared Read Blocks": number;
  Plans?: Explained[];
}

export interface Plans {
  nodes: PlanNode[];
  /** Pages the server looked at: the same on a busy machine. */
  pages: number;
}

/**
 * Runs what was recorded under EXPLAIN ANALYZE, bound as it was, and undoes it. By the generic plan: the vertical's
 * statements are prepared, so that is the one a server comes to after some requests.
 */
export async function planOf(url: string, statements: readonly Statement[]): Promise<Plans> {
  const undone = new Error("looked");
  const plans: Plans = { nodes: [], pages: 0 };
  await withSession(url, async (sql) => {
    try {
      await sql.begin(async (tx) => {
        await tx`set local plan_cache_mode = force_generic_plan`;
        for (const { sql: text, parameters } of statements) {
          if (text.startsWith("select set_config")) await tx.unsafe(text);
          else for (const plan of await explained(tx, text, parameters)) collect(plan, plans);
        }
        throw undone;
      });
    } catch (error) {
      if (error !== undone) throw error;
    }
  });
  return plans;
}

async function explained(tx: postgres.TransactionSql, text: string, parameters: Statement["parameters"]) {
  const values = parameters.map((value) => (value === null ? "null" : `'${String(value).replaceAll("'", "''")}'`));
  const given = values.length === 0 ? "" : `(${values.join(", ")})`;
  await tx.unsafe(`prepare looked_at as ${text}`);
  // The first run finds the catalogue's pages, too; the second only its own.
  await tx.unsafe(`execute looked_at ${given}`);
  const [row] = await tx.unsafe<{ "QUERY PLAN": { Plan: Explained }[] }[]>(
    `explain (analyze, buffers, format json) execute looked_at ${given}`,
  );
  await tx.unsafe("deallocate looked_at");
  return (row?.["QUERY PLAN"] ?? []).map(({ Plan }) => Plan);
}

function collect(root: Explained, plans: Plans): void {
  plans.pages += root["Shared Hit Blocks"] + root["Shared Read Blocks"];
  collectNodes(root, plans.nodes);
}

function collectNodes(plan: Explained, nodes: PlanNode[]): void {
  const relation = plan["Relation Name"];
  const removed = (plan["Rows Removed by Filter"] ?? 0) + (plan["Rows Removed by Index Recheck"] ?? 0);
  if (relation !== undefined) {
    nodes.push({ node: plan["Node Type"], relation, rows: (plan["Actual Rows"] + removed) * plan["Actual Loops"] });
  }
  for (const child of plan.Plans ?? []) collectNodes(child, nodes);
}

/** A list that reads a tenth of what the shop has reads all of it, sooner or later. */
export function scansWholeTable({ relation, rows }: PlanNode, orders: number): boolean {
  return relation === "orders" && rows >= orders / 10;
}
