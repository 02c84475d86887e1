import type { Sql } from "postgres";

export interface Trade {
  products: number;
  days: number;
  orders_a_day: number;
}

// A few products are in many baskets and most in few, as in a shop: the cube of an even chance.
const TRADE = `
  create temporary table made_products on commit drop as
  select n, gen_random_uuid() as product_id from generate_series(0, $2 - 1) as n;
  create temporary table made_orders on commit drop as
  select gen_random_uuid() as order_id, gen_random_uuid() as customer_id, n,
         date_trunc('day', now()) - make_interval(days => n / $4 + 1, mins => 600 + n % 600) as delivered_at
  from generate_series(0, $3 * $4 - 1) as n;
  create temporary table made_items on commit drop as
  select distinct on (o.order_id, p.product_id) o.order_id, p.product_id, o.delivered_at, 1 + floor(random() * 20) as quantity
  from made_orders o cross join lateral generate_series(1, 1 + (o.n % 8)) as place
  join made_products p on p.n = floor($2 * (('x' || substr(md5(o.n || ' ' || place), 1, 8))::bit(32)::bigint / 4294967296.0) ^ 3);
  analyze made_products, made_orders, made_items;
  insert into engine_stock.products (tenant_id, product_id, name, unit, active, facts_seq, level, level_seq, first_event_at)
  select $1, product_id, 'Product ' || n, 'UN', true, n + 1, case when n % 7 = 0 then 0 else 100 + n end, n + 1, now() - interval '100 days'
  from made_products;
  insert into engine_stock.sales (tenant_id, product_id, quarter, quantity, value)
  select $1, product_id, date_bin('15 minutes', delivered_at, 'epoch'), sum(quantity), sum(quantity) * 10
  from made_items group by 2, 3;
  insert into engine_stock.level_changes (tenant_id, product_id, seq, changed_at, old_level, level)
  select $1, product_id, row_number() over (), delivered_at, 200, 200 - quantity
  from made_items where delivered_at > now() - interval '31 days';
  insert into engine_stock.clocks values ($1, now());
  insert into engine_sales.products (tenant_id, product_id, name, category, active, facts_seq, price, price_seq)
  select $1, product_id, 'Product ' || n, 'Category ' || n % 20, true, n + 1, 10 + n % 50, n + 1 from made_products;
  insert into engine_sales.baskets select $1, order_id, customer_id, delivered_at from made_orders;
  insert into engine_sales.basket_products select $1, order_id, product_id from made_items;
  insert into engine_sales.clocks values ($1, now())`;

/** Fills stock's and sales' tables with a shop's trade, as its events would have; returns the product sold most often. */
export async function tradeOf(sql: Sql, tenant_id: string, { products, days, orders_a_day }: Trade): Promise<string> {
  const given = [`'${tenant_id}'::uuid`, products, days, orders_a_day];
  const text = TRADE.replace(/\$(\d)/g, (_, place: string) => String(given[Number(place) - 1]));
  return await sql.begin(async (tx) => {
    await tx.unsafe(text);
    const [best] = await tx.unsafe<{ product_id: string }[]>(
      "select product_id from made_items group by 1 order by count(*) desc limit 1",
    );
    if (!best) throw new Error("nothing was sold");
    return best.product_id;
  });
}
