import { beforeAll, describe, expect, test } from "bun:test";
import type { EngineDb, EngineTenant } from "@basecommerce/engine";
import { offersOf, productOf } from "../../engines/pricing/offers.ts";
import { evidenceFor } from "../../engines/sales/evidence.ts";
import { setsOf } from "../../engines/sales/sets.ts";
import { figuresOf } from "../../engines/stock/figures.ts";
import { load } from "../../src/demo/load/load.ts";
import { Loader } from "../../src/demo/load/loader.ts";
import { midnightBefore } from "../../src/demo/load/period.ts";
import type { Row } from "../../src/platform/database/database.ts";
import { PostgresDatabase } from "../../src/platform/database/postgres.ts";
import { SECRET_KEY } from "../e2e/platform.ts";
import { whenDone } from "../harness/cleanup.ts";
import { testDatabase } from "../harness/database.ts";
import { freePort } from "../harness/ports.ts";
import { PROGRAM, startProgram } from "../harness/program.ts";
import { startRedis } from "../harness/redis.ts";
import { until } from "../harness/until.ts";

// Demo shops through relay, Redis and the four engines as one process runs them; what the engines say of them is what
// plain SQL says over the vertical's own tables.

const ORDERS = 1200;
const PARTITIONS = 16;
const SALES = { min_frequency: 1, window_days: 90, limit: 5, min_baskets: 3 };
const STOCK = { lead_time_days: 7, safety_stock_percent: 20, window_days: 90 };

let admin: PostgresDatabase;
let shops: EngineTenant[];

beforeAll(async () => {
  const [{ urls }, redis] = await Promise.all([testDatabase(), startRedis()]);
  admin = new PostgresDatabase({ url: urls.admin, application_name: "test", max: 2 });
  whenDone(() => admin.close());
  await admin.query("insert into event_stream values ('construction', $1) on conflict do nothing", [PARTITIONS]);
  startProgram({
    command: PROGRAM,
    args: ["start", "--role", "relay,engines", "--plugins", "/nonexistent"],
    env: {
      DATABASE_URL: urls.owner,
      REDIS_URL: redis.url,
      SECRET_KEY,
      HOST: "127.0.0.1",
      VERTICAL_PORT: `${freePort()}`,
      DRAIN_SECONDS: "0",
    },
  });
  const loader = new Loader(urls.owner);
  await loader.open();
  const until_midnight = midnightBefore(Date.now());
  await load(loader, {
    ...{ tenants: 2, orders: ORDERS, seed: 7, prefix: "demo", days: 60, until: until_midnight },
    ...{ partitions: PARTITIONS, password_hash: "none", progress: () => undefined },
  });
  await loader.close();
  shops = await admin.query<EngineTenant & Row>("select tenant_id, slug, name, time_zone, locale from tenants");
  const behind = `
    select count(*) as events from event_log l cross join (values ('delivery'), ('pricing'), ('sales'), ('stock')) e (engine)
    left join engine_position p on p.engine = e.engine and p.stream = l.stream and p.partition = l.partition
    where l.seq > coalesce(p.position, 0)`;
  await until(async () => (await admin.query(behind))[0]?.events === 0, { what: "the engines", timeout: 60_000 });
}, 120_000);

/** Rows that one of two queries gives and the other does not. */
async function difference(engine: string, vertical: string): Promise<Row[]> {
  return await admin.query(
    `(select 'engine' as only_in, e::text from (${engine}) e except all select 'engine', v::text from (${vertical}) v)
     union all
     (select 'vertical', v::text from (${vertical}) v except all select 'vertical', e::text from (${engine}) e) limit 5`,
  );
}

/** As the engine's own routes read: under its role, one shop's rows. */
async function ask<T>(engine: string, shop: EngineTenant, work: (db: EngineDb) => Promise<T>): Promise<T> {
  const role = `engine_${engine}`;
  return await admin.transaction({ role, schema: role, tenant_id: shop.tenant_id }, work);
}

test("the demo made something, and nothing of it failed", async () => {
  const [made] = await admin.query(
    `select (select count(*) from orders) as orders, (select count(*) from supplier_prices) > 100 as prices,
            (select count(*) from orders where status = 'delivered') > 500 as delivered,
            (select count(*) from parked_event) as failed`,
  );
  expect(made).toEqual({ orders: ORDERS, prices: true, delivered: true, failed: 0 });
});

describe("stock", () => {
  test("has sold what was delivered, and holds what is there", async () => {
    const sold =
      "select tenant_id, product_id, sum(quantity) as quantity, sum(value) as value from engine_stock.sales group by 1, 2";
    const delivered = `select i.tenant_id, i.product_id, sum(i.quantity), sum(i.total_value)
      from orders o join order_items i on i.tenant_id = o.tenant_id and i.order_id = o.id
      where o.status = 'delivered' group by i.tenant_id, i.product_id`;
    expect(await difference(sold, delivered)).toEqual([]);
    const levels = "select tenant_id, product_id, level from engine_stock.products where level is not null";
    expect(await difference(levels, "select tenant_id, product_id, quantity from stock_levels")).toEqual([]);
  });

  test("has each product's average of the window", async () => {
    for (const shop of shops) {
      const figures = await ask("stock", shop, (db) => figuresOf(db, shop, STOCK));
      const expected = await admin.query(
        `with days as (select (now() at time zone $2)::date as today), sold as (
           select i.product_id, sum(i.quantity) as quantity
           from days cross join orders o join order_items i on i.tenant_id = o.tenant_id and i.order_id = o.id
           where o.tenant_id = $1 and o.status = 'delivered'
             and o.delivered_at >= (today - 90)::timestamp at time zone $2
             and o.delivered_at < today::timestamp at time zone $2 group by 1
         )
         select p.id as product_id,
                round(coalesce(s.quantity, 0) / greatest(1, least(90, today - (p.created_at at time zone $2)::date)), 3)
                  as average
         from days cross join products p left join sold s on s.product_id = p.id
         where p.tenant_id = $1 and p.active order by p.id`,
        [shop.tenant_id, shop.time_zone],
      );
      const said = figures.map(({ product_id, average_daily_demand }) => ({
        product_id,
        average: average_daily_demand,
      }));
      expect(said).toEqual(expected as typeof said);
      expect(said.filter(({ average }) => average !== "0.000").length).toBeGreaterThan(20);
    }
  }, 30_000);
});

describe("sales", () => {
  test("has a basket for each delivered order, with its products", async () => {
    const baskets = "select tenant_id, order_id, customer_id, delivered_at from engine_sales.baskets";
    const orders = "select tenant_id, id, customer_id, delivered_at from orders where status = 'delivered'";
    expect(await difference(baskets, orders)).toEqual([]);
    const held = "select tenant_id, order_id, product_id from engine_sales.basket_products";
    const items = `select distinct i.tenant_id, i.order_id, i.product_id
      from order_items i join orders o on o.tenant_id = i.tenant_id and o.id = i.order_id where o.status = 'delivered'`;
    expect(await difference(held, items)).toEqual([]);
  });

  /** Baskets of a shop in the window, as the vertical's tables have them. */
  const bought = `
    bought as (
      select distinct i.order_id, i.product_id
      from orders o join order_items i on i.tenant_id = o.tenant_id and i.order_id = o.id
      where o.tenant_id = $1 and o.status = 'delivered'
        and o.delivered_at >= ((now() at time zone $2)::date - 90)::timestamp at time zone $2
    )`;

  test("finds what goes with the product that is bought most, as often as it does", async () => {
    for (const shop of shops) {
      const place = [shop.tenant_id, shop.time_zone];
      const [most] = await admin.query<{ product_id: string }>(
        `with ${bought} select product_id from bought group by 1 order by count(*) desc, 1 limit 1`,
        place,
      );
      const product_id = most?.product_id ?? "";
      const evidence = await ask("sales", shop, (db) => evidenceFor(db, shop, SALES, [product_id], null));
      const expected = await admin.query(
        `with ${bought}, of as (select order_id from bought where product_id = $3)
         select b.product_id, count(*) as baskets, (select count(*) from of) as of,
                round(count(*) * 100.0 / (select count(*) from of), 2) as frequency
         from of join bought b using (order_id)
         join products p on p.tenant_id = $1 and p.id = b.product_id and p.active
         where b.product_id <> $3 group by 1 having count(*) * 100 >= (select count(*) from of)
         order by count(*) desc, 1`,
        [...place, product_id],
      );
      const said = evidence.map((one) => ({
        ...{ product_id: one.product_id, baskets: one.baskets, of: one.of },
        frequency: one.frequency,
      }));
      expect(said).toEqual(expected as typeof said);
      expect(said.length).toBeGreaterThan(3);
    }
  });

  test("counts the sets of two and three that are bought together", async () => {
    for (const shop of shops) {
      const filter = { by_customer: false, least: 4, limit: 100_000 };
      const sets = await ask("sales", shop, (db) => setsOf(db, shop, SALES, filter));
      const expected = await admin.query<{ key: string; baskets: number }>(
        `with ${bought}, sold as (
           select b.* from bought b join products p on p.tenant_id = $1 and p.id = b.product_id and p.active
         ), sets as (
           select concat_ws(' ', a.product_id, b.product_id) as key, count(*) as baskets
           from sold a join sold b on b.order_id = a.order_id and b.product_id > a.product_id group by 1
           union all
           select concat_ws(' ', a.product_id, b.product_id, c.product_id), count(*)
           from sold a join sold b on b.order_id = a.order_id and b.product_id > a.product_id
           join sold c on c.order_id = a.order_id and c.product_id > b.product_id group by 1
         )
         select key, baskets from sets where baskets >= 4 order by baskets desc, key collate "C"`,
        [shop.tenant_id, shop.time_zone],
      );
      expect(sets.map(({ key, baskets }) => ({ key, baskets }))).toEqual(expected);
      expect(sets.length).toBeGreaterThan(10);
    }
  });
});

test("pricing offers each supplier's latest price for its smallest quantity", async () => {
  for (const shop of shops) {
    const current = await admin.query<{ product_id: string; offers: { supplier_id: string; price: string }[] }>(
      `select product_id, json_agg(json_build_object('supplier_id', supplier_id, 'price', price::text) order by price, supplier_id) as offers
       from (select distinct on (sp.product_id, sp.supplier_id) sp.product_id, sp.supplier_id, sp.price
             from supplier_prices sp join suppliers s on s.tenant_id = sp.tenant_id and s.id = sp.supplier_id and s.active
             join products p on p.tenant_id = sp.tenant_id and p.id = sp.product_id and p.active
             where sp.tenant_id = $1
             order by sp.product_id, sp.supplier_id, coalesce(sp.min_quantity, 0), sp.created_at desc, sp.id desc) latest
       group by 1 order by 1`,
      [shop.tenant_id],
    );
    expect(current.length).toBeGreaterThan(20);
    const said = await ask("pricing", shop, async (db) => {
      const all: typeof current = [];
      for (const { product_id } of current) {
        const product = await productOf(db, shop.tenant_id, product_id);
        const offers = await offersOf(
          db,
          shop,
          { variation_threshold: 10, window_days: 90, current_weight: 70 },
          product,
        );
        all.push({ product_id, offers: offers.map(({ supplier_id, price }) => ({ supplier_id, price })) });
      }
      return all;
    });
    expect(said).toEqual(current);
  }
});

test("delivery knows each order, its day, its status and every step to it", async () => {
  const deliveries =
    "select tenant_id, order_id, number, status, delivery_date, total_value from engine_delivery.deliveries";
  expect(
    await difference(deliveries, "select tenant_id, id, number, status, delivery_date, total_value from orders"),
  ).toEqual([]);
  const counted = "select tenant_id, status, count(*) from engine_delivery.deliveries group by 1, 2";
  expect(await difference(counted, "select tenant_id, status, count(*) from orders group by 1, 2")).toEqual([]);
  const steps = "select count(*) from engine_delivery.steps";
  const changes = "select count(*) from event_log where event_type in ('order_created', 'order_status_changed')";
  expect(await difference(steps, changes)).toEqual([]);
});
