import { PostgresDatabase } from "../src/platform/database/postgres.ts";
import { listCustomers } from "../src/verticals/construction/customers/service.ts";
import { getOrder, listOrders } from "../src/verticals/construction/orders/service.ts";
import { whenDone } from "../test/harness/cleanup.ts";
import { withSession } from "../test/harness/session.ts";
import { binary } from "./binary.ts";
import type { Effort, Family } from "./family.ts";
import { type Figure, figure } from "./figure.ts";
import { fillOrders } from "./growth/orders.ts";
import { type Plans, planOf, scansWholeTable } from "./growth/plan.ts";
import { load, requestText } from "./load/load.ts";
import { openPlatform } from "./platform.ts";
import { RecordingDatabase } from "./recording.ts";
import { type StaffedShop, staffShops, workOn } from "./staffed-shops.ts";

const FEW = 1000;
const MANY = 1_000_000;
/** Shops in the same tables, and the orders of each that is not measured. */
const SHOPS = 1000;
const THEIRS = 100;
const CLIENTS = 4;

/** A list or a single answer, as the API gives it and as the service asks for it. */
interface Question {
  name: string;
  path: string;
  ask: (database: RecordingDatabase, shop: StaffedShop) => Promise<unknown>;
  /** What it reads grows with the customers that are meant, not with the shop: what a shopkeeper waits for is its reach. */
  by_customers?: true;
}

const PATIENCE_MS = 100;

/** The page in the middle of a shop's history, where an offset would have to count. */
async function questionsOf(database: PostgresDatabase, shop: StaffedShop, middle: string): Promise<Question[]> {
  const list =
    (query: Parameters<typeof listOrders>[1]) =>
    (recorder: RecordingDatabase, { context }: StaffedShop) =>
      workOn(recorder).run(context, (work) => listOrders(work, query));
  const days = { created_to: middle };
  const { items, next_cursor } = await workOn(database).run(shop.context, (work) =>
    listOrders(work, { ...days, limit: 1 }),
  );
  const [order] = items;
  if (!order || next_cursor === null) throw new Error("there are no orders in the middle of the history");
  const { id, number, customer_id } = order;
  const orders = (name: string, query: Parameters<typeof listOrders>[1]): Question => {
    const text = Object.entries(query).map(([key, value]) => `${key}=${encodeURIComponent(String(value))}`);
    return { name, path: `/api/v1/orders?${text.join("&")}`, ask: list(query) };
  };
  return [
    orders("orders, first page", { limit: 50 }),
    orders("orders, a page in the middle", { limit: 50, cursor: next_cursor }),
    orders("orders of a status", { limit: 50, status: "pending" }),
    orders("orders of a customer", { limit: 50, customer_id }),
    orders("orders by a word of the customer's name", { limit: 50, q: "maria" }),
    { ...orders("orders by two words of a customer's name", { limit: 50, q: "maria 10" }), by_customers: true },
    orders("orders by number", { limit: 50, q: number }),
    {
      name: "one order",
      path: `/api/v1/orders/${id}`,
      ask: (recorder, { context }) => workOn(recorder).run(context, (work) => getOrder(work, id)),
    },
    {
      name: "customers, first page",
      path: "/api/v1/customers?limit=50",
      ask: (recorder, { context }) => workOn(recorder).run(context, (work) => listCustomers(work, { limit: 50 })),
    },
  ];
}

async function measure(effort: Effort, say: (line: string) => void): Promise<Figure[]> {
  const platform = await openPlatform(await binary(say));
  const { admin, vertical } = platform.database.urls;
  const database = new PostgresDatabase({ url: vertical, application_name: "bench", max: 4 });
  whenDone(() => database.close());
  const [small, large, ...others] = await staffShops(admin, database, platform.secret, SHOPS);
  if (!small || !large) throw new Error("no shops");
  const many = Math.round(MANY * effort.scale);
  say(`${many.toLocaleString("en")} orders of one shop, ${FEW} of another, ${THEIRS} of each of ${others.length} more`);
  const middle = await withSession(admin, async (sql) => {
    await fillOrders(
      sql,
      others.map(({ context }) => context.tenant.tenant_id),
      THEIRS,
    );
    await fillOrders(sql, [large.context.tenant.tenant_id], many);
    return await fillOrders(sql, [small.context.tenant.tenant_id], FEW);
  });
  const { process, url } = await platform.ready("vertical");
  const port = Number(new URL(url).port);
  const put = async (shop: StaffedShop, path: string) =>
    await load(process.pid, {
      port,
      requests: [requestText("GET", path, shop.headers)],
      connections: CLIENTS,
      pipeline: 1,
      warm_ms: 300,
      measure_ms: 600,
    });
  const [few, questions] = [await questionsOf(database, small, middle), await questionsOf(database, large, middle)];
  const explain = async (question: Question, shop: StaffedShop): Promise<Plans> => {
    const recorder = new RecordingDatabase(database);
    await question.ask(recorder, shop);
    return await planOf(vertical, recorder.statements);
  };
  const figures: Figure[] = [];
  const scans: string[] = [];
  for (const [i, question] of questions.entries()) {
    const same = few[i] ?? question;
    const [plans, small_plans] = [await explain(question, large), await explain(same, small)];
    if (plans.nodes.some((node) => scansWholeTable(node, many))) scans.push(question.name);
    say(`${question.name}: ${plans.nodes.map(({ relation, rows }) => `${rows} of ${relation}`).join(", ")}`);
    const values: number[] = [];
    const reference: number[] = [];
    for (let n = 0; n < effort.repetitions; n++) {
      reference.push((await put(small, same.path)).p50_ms);
      values.push((await put(large, question.path)).p50_ms);
    }
    figures.push(
      figure({
        name: `${question.name}, p50`,
        unit: "ms",
        values,
        reference: { name: `with ${FEW} orders`, values: reference },
        reach: question.by_customers ? { value_at_most: PATIENCE_MS } : { ratio_at_most: 1.15 },
      }),
      // A B-tree of a thousand times the rows is a level or two deeper.
      figure({
        name: `${question.name}, pages read`,
        unit: "pages",
        values: [plans.pages],
        reference: { name: `with ${FEW} orders`, values: [small_plans.pages] },
        ...(!question.by_customers && { reach: { ratio_at_most: 1.5 } }),
      }),
    );
  }
  figures.push(
    figure({
      name: `lists that read a tenth of the shop's orders or more${scans.length > 0 ? `: ${scans.join(", ")}` : ""}`,
      unit: "lists",
      values: [scans.length],
      reach: { value_at_most: 0 },
    }),
  );
  return figures;
}

export const growth: Family = {
  about: "lists of a shop with many orders beside one with few, and their plans",
  measure,
};
