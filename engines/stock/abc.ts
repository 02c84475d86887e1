import { type EngineApp, type EngineDb, type EngineTenant, pageQuery, type Row, t } from "@basecommerce/engine";
import type { StockConfig } from "./config.ts";
import { explainClass } from "./explanation.ts";
import { page } from "./page.ts";

export type Class = "A" | "B" | "C";

/** A product's part in what was sold in the shop's window. Money and percents have 2 places. */
export interface AbcRow extends Row {
  product_id: string;
  name: string | null;
  value: string;
  /** Percent of all that was sold. */
  share: string;
  /** Percent of this product and those before it together. */
  cumulated_share: string;
  class: Class;
  /** 1 for the product that sold most. */
  rank: number;
}

/**
 * A while the share before the product is under 80 %, B under 95 %, then C; nothing sold is C. Products that are no
 * longer offered count as long as the window holds their sales: they were part of the turnover.
 */
const ABC = `
  with clock as (
    select (now() at time zone $2)::date as today
  ), sold as (
    select product_id, sum(value) as value from sales cross join clock
    where tenant_id = $1 and quarter >= (today - $3::int)::timestamp at time zone $2
      and quarter < today::timestamp at time zone $2
    group by 1
  ), ranked as (
    select p.product_id, p.name, coalesce(s.value, 0) as value, sum(coalesce(s.value, 0)) over () as total,
           coalesce(sum(coalesce(s.value, 0)) over (
             order by coalesce(s.value, 0) desc, p.product_id rows between unbounded preceding and 1 preceding), 0)
             as before,
           row_number() over (order by coalesce(s.value, 0) desc, p.product_id)::int as rank
    from products p left join sold s using (product_id)
    where p.tenant_id = $1 and (coalesce(p.active, true) or s.value > 0)
  )
  select product_id, name, round(value, 2) as value, rank,
         round(coalesce(value * 100 / nullif(total, 0), 0), 2) as share,
         round(coalesce((before + value) * 100 / nullif(total, 0), 0), 2) as cumulated_share,
         case when value = 0 then 'C' when before * 100 < total * 80 then 'A' when before * 100 < total * 95 then 'B'
              else 'C' end as class
  from ranked
  order by rank`;

export async function abcOf(db: EngineDb, tenant: EngineTenant, config: StockConfig): Promise<AbcRow[]> {
  return await db.query<AbcRow>(ABC, [tenant.tenant_id, tenant.time_zone, config.window_days]);
}

/** `GET /abc-analysis`: what brings in the turnover, the best first. */
export function abcRoutes(app: EngineApp<StockConfig>) {
  return app.get(
    "/abc-analysis",
    async ({ db, tenant, config, query }) => {
      const rows = await abcOf(db, tenant, config);
      const { items, next_cursor } = page(rows, query, ({ rank }) => String(rank).padStart(9, "0"));
      return {
        items: items.map((row) => ({ ...row, explanation: explainClass(row, config.window_days, tenant.locale) })),
        next_cursor,
      };
    },
    { query: t.Object(pageQuery, { additionalProperties: false }) },
  );
}
