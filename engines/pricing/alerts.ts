import type { EngineDb, EngineTenant, Parameter } from "@basecommerce/engine";
import type { PricingConfig } from "./config.ts";

/** A price that differs from the supplier's previous one, for the same minimum quantity, by the threshold or more. */
export type PriceAlert = {
  /** Id of the event that told the new price. */
  id: string;
  seq: number;
  kind: "increase" | "decrease";
  product_id: string;
  product_name: string | null;
  supplier_id: string;
  supplier_name: string;
  old_price: string;
  new_price: string;
  /** Of the old price, with 2 places; null when that was 0. */
  variation_percent: string | null;
  registered_at: string;
};

export interface AlertFilter {
  kind?: "increase" | "decrease";
  product_id?: string;
  supplier_id?: string;
  limit: number;
  /** Only alerts of prices that came before this one. */
  before_seq?: number;
}

const ALERTS = `
  select n.event_id as id, n.seq, case when n.price > o.price then 'increase' else 'decrease' end as kind,
         n.product_id, p.name as product_name, n.supplier_id, s.name as supplier_name,
         o.price as old_price, n.price as new_price,
         round((n.price - o.price) * 100 / nullif(o.price, 0), 2) as variation_percent, n.registered_at
  from prices n
  join lateral (
    select price from prices
    where tenant_id = n.tenant_id and product_id = n.product_id and supplier_id = n.supplier_id
      and min_quantity = n.min_quantity and seq < n.seq
    order by seq desc limit 1
  ) o on o.price <> n.price and abs(n.price - o.price) * 100 >= $2::numeric * o.price
  join suppliers s on s.tenant_id = n.tenant_id and s.supplier_id = n.supplier_id
  join products p on p.tenant_id = n.tenant_id and p.product_id = n.product_id
  where n.tenant_id = $1
    and ($3::text is null or ($3 = 'increase') = (n.price > o.price))
    and ($4::uuid is null or n.product_id = $4)
    and ($5::uuid is null or n.supplier_id = $5)
    and ($6::bigint is null or n.seq < $6)
  order by n.seq desc
  limit $7`;

/** The newest first. */
export async function alertsOf(
  db: EngineDb,
  tenant: EngineTenant,
  config: PricingConfig,
  { kind, product_id, supplier_id, before_seq, limit }: AlertFilter,
): Promise<PriceAlert[]> {
  const parameters: Parameter[] = [tenant.tenant_id, config.variation_threshold];
  parameters.push(kind ?? null, product_id ?? null, supplier_id ?? null, before_seq ?? null, limit);
  return await db.query<PriceAlert>(ALERTS, parameters);
}
