import type { EngineDb, EngineTenant } from "@basecommerce/engine";
import type { SalesConfig } from "./config.ts";

export type Priority = "high" | "medium" | "low";

/** Percent from which a priority is high, and medium. */
const HIGH = 70;
const MEDIUM = 40;

/** Why `product_id` goes with `because_of`. */
export type Evidence = {
  product_id: string;
  name: string | null;
  because_of: string;
  because_of_name: string | null;
  /** Whose baskets say so: the shop's, or this customer's own. */
  source: "shop" | "customer";
  /** Baskets with both, of `of` baskets with the one. */
  baskets: number;
  of: number;
  /** baskets ÷ of in percent, with 2 places. */
  frequency: string;
  priority: Priority;
};

/** The baskets of the last $3 local days and today. */
export const recent = `
  recent as (
    select order_id, customer_id from baskets
    where tenant_id = $1 and delivered_at >= ((now() at time zone $2)::date - $3::int)::timestamp at time zone $2
  )`;

/**
 * frequency(X→Y) = baskets with X and Y ÷ baskets with X × 100. What is recommended is still sold and not in the cart;
 * of several reasons for a product the best one counts. A customer's own habit needs two orders to be one.
 */
const EVIDENCE = `
  with ${recent}, cart as (
    select distinct value::uuid as product_id from json_array_elements_text($4::text::json)
  ), held as (
    select c.product_id as because_of, r.order_id, r.customer_id
    from cart c join basket_products b on b.tenant_id = $1 and b.product_id = c.product_id join recent r using (order_id)
  ), bases as (
    select 'shop' as source, because_of, count(*) as of from held group by 2 having count(*) >= $5::int
    union all
    select 'customer', because_of, count(*) from held where customer_id = $7::uuid group by 2 having count(*) >= 2
  ), pairs as (
    select n.source, n.because_of, b.product_id, n.of, count(*) as baskets
    from bases n join held h on h.because_of = n.because_of and (n.source = 'shop' or h.customer_id = $7::uuid)
    join basket_products b on b.tenant_id = $1 and b.order_id = h.order_id
    group by 1, 2, 3, 4
  ), kept as (
    select *, round(baskets * 100.0 / of, 12) as exact
    from pairs
    where baskets * 100 >= $6::numeric * of and (source = 'shop' or baskets >= 2)
      and product_id not in (select product_id from cart)
  ), best as (
    select distinct on (product_id) * from kept
    order by product_id, exact desc, baskets desc, source, because_of
  )
  select k.product_id, y.name, k.because_of, x.name as because_of_name, k.source, k.baskets::int as baskets,
         k.of::int as of, round(k.baskets * 100.0 / k.of, 2) as frequency,
         case when k.baskets * 100 >= ${HIGH} * k.of then 'high' when k.baskets * 100 >= ${MEDIUM} * k.of then 'medium'
              else 'low' end as priority
  from best k
  left join products y on y.tenant_id = $1 and y.product_id = k.product_id
  left join products x on x.tenant_id = $1 and x.product_id = k.because_of
  where coalesce(y.active, true)
  order by k.exact desc, k.baskets desc, k.product_id`;

/** What goes with the products of a cart, the best evidence first. */
export async function evidenceFor(
  db: EngineDb,
  tenant: EngineTenant,
  config: SalesConfig,
  cart: readonly string[],
  customer_id: string | null,
): Promise<Evidence[]> {
  const { window_days, min_baskets, min_frequency } = config;
  return await db.query<Evidence>(EVIDENCE, [
    tenant.tenant_id,
    tenant.time_zone,
    window_days,
    JSON.stringify(cart),
    min_baskets,
    min_frequency,
    customer_id,
  ]);
}
