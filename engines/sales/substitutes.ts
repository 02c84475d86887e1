import type { EngineDb, EngineTenant } from "@basecommerce/engine";
import type { SalesConfig } from "./config.ts";
import { recent } from "./evidence.ts";

/** Something else of the same kind at about the same price. Money and percents have 2 places. */
export type Substitute = {
  product_id: string;
  name: string | null;
  category: string;
  price: string;
  /** Against the product's price; null when that is 0. */
  difference_percent: string | null;
  /** Customers who bought this one, and never in one basket with the product. */
  customers: number;
  /** Those of them who bought the product too, another time: they took the one for the other. */
  switched: number;
};

/** Percent by which the prices may differ. */
const PRICE_BAND = 20;

const SUBSTITUTES = `
  with ${recent}, product as (
    select * from products where tenant_id = $1 and product_id = $4::uuid
  ), candidates as (
    select y.product_id, y.name, y.category, y.price, x.price as own_price
    from product x join products y on y.tenant_id = $1 and y.category = x.category and y.product_id <> x.product_id
    where coalesce(y.active, true) and abs(y.price - x.price) * 100 <= ${PRICE_BAND} * x.price
  ), own as (
    select r.order_id, r.customer_id from recent r
    join basket_products b on b.tenant_id = $1 and b.order_id = r.order_id and b.product_id = $4::uuid
  ), bought as (
    select c.product_id, r.order_id, r.customer_id
    from candidates c join basket_products b on b.tenant_id = $1 and b.product_id = c.product_id
    join recent r using (order_id)
  ), counts as (
    select product_id, count(distinct customer_id)::int as customers,
           (count(distinct customer_id) filter (where customer_id in (select customer_id from own)))::int as switched,
           bool_or(order_id in (select order_id from own)) as together
    from bought group by 1
  )
  select product_id, name, category, price,
         round((price - own_price) * 100 / nullif(own_price, 0), 2) as difference_percent, customers, switched
  from candidates join counts using (product_id)
  where not together
  order by switched desc, customers desc, abs(price - own_price), product_id`;

/** What customers buy instead of a product, the best evidence first. */
export async function substitutesOf(
  db: EngineDb,
  tenant: EngineTenant,
  config: SalesConfig,
  product_id: string,
): Promise<Substitute[]> {
  const { tenant_id, time_zone } = tenant;
  return await db.query<Substitute>(SUBSTITUTES, [tenant_id, time_zone, config.window_days, product_id]);
}
