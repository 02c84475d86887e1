import { type EngineDb, type EngineTenant, notFound, type Row } from "@basecommerce/engine";
import type { PricingConfig } from "./config.ts";

/** What one active supplier asks for a product now. Money and percents have 2 places, quantities 3. */
export type Offer = {
  supplier_id: string;
  supplier_name: string;
  price: string;
  /** Least quantity the price is for; null when there is none. */
  min_quantity: string | null;
  payment_days: number | null;
  registered_at: string;
  /** Above the cheapest offer. */
  difference: string;
  /** The same as a percentage of it; null when the cheapest is for nothing. */
  difference_percent: string | null;
  /** Of the window's prices and the current one. */
  mean: string;
  /** How many prices the mean is of. */
  prices: number;
  /** Population coefficient of variation ≤ 0.10; null when there are not two prices to compare. */
  stability: "stable" | "unstable" | null;
  /** current × weight + mean × (1 − weight): the lowest is suggested. */
  score: string;
  suggested: boolean;
  /** Of all offers' current prices. */
  mean_of_current: string;
};

/**
 * The prices that count of each supplier of product $2: those for its smallest minimum quantity, of the last $4 local
 * days and today, and the current one however old it is.
 */
export const history = `
  current as (
    select distinct on (supplier_id) supplier_id, min_quantity, seq, price, payment_days, registered_at
    from prices where tenant_id = $1 and product_id = $2
    order by supplier_id, min_quantity, seq desc
  ), history as (
    select p.supplier_id, p.seq, p.price, p.registered_at
    from current c join prices p using (supplier_id, min_quantity)
    where p.tenant_id = $1 and p.product_id = $2
      and (p.seq = c.seq or p.registered_at >= ((now() at time zone $3)::date - $4::int)::timestamp at time zone $3)
  )`;

// Variance is compared without a root and a division: n·Σx² − (Σx)² ≤ 0.10² · (Σx)².
const OFFERS = `
  with ${history}, figures as (
    select supplier_id, count(*)::int as prices, sum(price) as total,
           count(*) * sum(price * price) - sum(price) * sum(price) <= 0.01 * sum(price) * sum(price) as stable
    from history group by 1
  ), offers as (
    select s.supplier_id, s.name as supplier_name, c.price, nullif(c.min_quantity, 0) as min_quantity, c.payment_days,
           c.registered_at, f.prices, f.total, f.stable, min(c.price) over () as cheapest,
           sum(c.price) over () / (count(*) over () * 1.000000000000000000) as mean_of_current,
           round((c.price * $5::numeric * f.prices + f.total * (100 - $5::numeric))
                 / (100.000000000000000000 * f.prices), 12) as score
    from current c join figures f using (supplier_id)
    join suppliers s on s.tenant_id = $1 and s.supplier_id = c.supplier_id
    where coalesce(s.active, true)
  )
  select supplier_id, supplier_name, price, min_quantity, payment_days, registered_at, prices,
         price - cheapest as difference,
         round((price - cheapest) * 100 / nullif(cheapest, 0), 2) as difference_percent,
         round(total / (prices * 1.000000000000000000), 2) as mean,
         case when prices < 2 then null when stable then 'stable' else 'unstable' end as stability,
         round(score, 2) as score, round(mean_of_current, 2) as mean_of_current,
         row_number() over (order by score, price, supplier_id) = 1 as suggested
  from offers
  order by price, supplier_id`;

export interface Product extends Row {
  product_id: string;
  name: string | null;
  active: boolean;
}

export async function productOf(db: EngineDb, tenant_id: string, product_id: string): Promise<Product> {
  const [product] = await db.query<Product>(
    `select product_id, name, coalesce(active, true) as active from products where tenant_id = $1 and product_id = $2`,
    [tenant_id, product_id],
  );
  if (!product) throw notFound("product");
  return product;
}

/** The offers of active suppliers, the cheapest first; none of a product that is no longer sold. */
export async function offersOf(
  db: EngineDb,
  tenant: EngineTenant,
  config: PricingConfig,
  product: Product,
): Promise<Offer[]> {
  if (!product.active) return [];
  const { window_days, current_weight } = config;
  return await db.query<Offer>(OFFERS, [
    tenant.tenant_id,
    product.product_id,
    tenant.time_zone,
    window_days,
    current_weight,
  ]);
}
