import sales from "../engines/sales/engine.ts";
import stock from "../engines/stock/engine.ts";
import { EngineRoutes } from "../src/engine-host/engine-routes.ts";
import { checkedDefinition, manifestOf } from "../src/engine-host/manifest.ts";
import { TenantSettings } from "../src/engine-host/tenant-settings.ts";
import { PostgresDatabase } from "../src/platform/database/postgres.ts";
import { createLog } from "../src/platform/observability/log.ts";
import { whenDone } from "../test/harness/cleanup.ts";
import { testDatabase } from "../test/harness/database.ts";
import { withSession } from "../test/harness/session.ts";
import { tradeOf } from "./answers/trade.ts";
import type { Effort, Family } from "./family.ts";
import { type Figure, figure } from "./figure.ts";
import { quantile } from "./sample.ts";
import { makeShops, shopOf } from "./shops.ts";

/** Beside the shop that asks: what an index must keep out of the way. */
const SHOPS = 10;
const PRODUCTS = 2000;
const DAYS = 90;
const ORDERS_A_DAY = 100;
const ASKED = 7;

/** What a shopkeeper waits for. */
const PATIENCE_MS = 100;

async function measure(effort: Effort, say: (line: string) => void): Promise<Figure[]> {
  const { urls } = await testDatabase();
  const database = new PostgresDatabase({ url: urls.engines, application_name: "bench", max: 2 });
  whenDone(() => database.close());
  const ids = await makeShops(urls.admin, SHOPS);
  const [asking = "", ...others] = ids;
  const trade = { products: PRODUCTS, days: DAYS, orders_a_day: Math.ceil(ORDERS_A_DAY * effort.scale) };
  say(`${SHOPS} shops of ${PRODUCTS} products and ${trade.days * trade.orders_a_day} orders in ${DAYS} days`);
  const best = await withSession(urls.admin, async (sql) => {
    for (const id of others) await tradeOf(sql, id, trade);
    const best_seller = await tradeOf(sql, asking, trade);
    // Chance pairs nothing with anything often enough for the standard setting.
    await sql`insert into engine_tenant values ('sales', ${asking}, true, ${'{"min_frequency": 1}'}::text::json)`;
    await sql.unsafe("analyze");
    return best_seller;
  });
  const log = await createLog("silent");
  const tenant = { ...shopOf(asking), tenant_id: asking };
  const routes = Object.fromEntries(
    [stock, sales].map((definition) => {
      const checked = checkedDefinition(definition, definition.name);
      const manifest = manifestOf(checked);
      return [
        manifest.name,
        new EngineRoutes({
          ...{ database, definition: checked, manifest, log },
          settings: new TenantSettings(database, manifest),
        }),
      ];
    }),
  );
  const ask = async (engine: string, path: string): Promise<number> => {
    const begun = performance.now();
    const answer = await routes[engine]?.handle({
      ...{ request_id: "bench", method: "GET", path, body: null, tenant },
      actor: { id: asking, role: "admin" },
    });
    const ms = performance.now() - begun;
    const text = new TextDecoder().decode(answer?.body);
    if (answer?.status !== 200) throw new Error(`${engine}${path} answered ${answer?.status}: ${text}`);
    if (JSON.parse(text).items.length === 0) throw new Error(`${engine}${path} answered with nothing`);
    return ms;
  };
  const questions: [string, string][] = [
    ["stock", "/alerts"],
    ["stock", "/suggestions"],
    ["stock", "/abc-analysis"],
    ["sales", "/bundles"],
    ["sales", `/complementary/${best}`],
  ];
  const figures: Figure[] = [];
  for (const [engine, path] of questions) {
    const values: number[] = [];
    await ask(engine, path);
    for (let n = 0; n < effort.repetitions; n++) {
      const times: number[] = [];
      for (let i = 0; i < ASKED; i++) times.push(await ask(engine, path));
      values.push(
        quantile(
          times.sort((a, b) => a - b),
          0.5,
        ),
      );
    }
    const name = `${engine} ${path.replace(best, "{best seller}")}, p50`;
    figures.push(figure({ name, unit: "ms", values, reach: { value_at_most: PATIENCE_MS } }));
  }
  return figures;
}

export const answers: Family = {
  about: "what stock and sales answer a shop of 2000 products with 90 days of sales",
  measure,
};
