import type { EngineDb, EngineTenant, Row } from "@basecommerce/engine";
import type { PricingConfig } from "./config.ts";
import { history } from "./offers.ts";

/** Where a supplier's price of a product is going over the window. */
export interface Trend extends Row {
  /** Null when there are not two prices of different instants. */
  trend: "rising" | "falling" | "steady" | null;
  /** Fitted end against fitted start; null also when the fitted start is not above zero. */
  change_percent: string | null;
  /** How many prices the line was fitted to. */
  prices: number;
  first_price: string | null;
  last_price: string | null;
}

// Least squares in whole numbers, floats would blur the 2 %: with x in microseconds after the first price, D = nΣxx −
// (Σx)² and N = nΣxy − ΣxΣy the fitted value at x is F(x) / (nD), F(x) = Σy·D + N·(n·x − Σx). Only ratios are needed.
const TREND = `
  with ${history}, mine as (
    select price as y, seq, (extract(epoch from registered_at - min(registered_at) over ()) * 1000000)::numeric as x
    from history
    where supplier_id = $5 and registered_at >= ((now() at time zone $3)::date - $4::int)::timestamp at time zone $3
  ), sums as (
    select count(*) as n, sum(x) as sx, sum(y) as sy, max(x) as last,
           count(*) * sum(x * x) - sum(x) * sum(x) as d, count(*) * sum(x * y) - sum(x) * sum(y) as slope,
           (array_agg(y order by seq))[1] as first_price, (array_agg(y order by seq desc))[1] as last_price
    from mine
  ), fitted as (
    select *, sy * d - slope * sx as fitted_start, sy * d + slope * (n * last - sx) as fitted_end from sums
  )
  select n::int as prices, first_price, last_price,
         case when coalesce(d, 0) = 0 then null
              when slope = 0 or 50 * abs(fitted_end - fitted_start) <= fitted_start then 'steady'
              when slope > 0 then 'rising' else 'falling' end as trend,
         case when d > 0 and fitted_start > 0
              then round((fitted_end - fitted_start) * 100 / fitted_start, 2) end as change_percent
  from fitted`;

export async function trendOf(
  db: EngineDb,
  tenant: EngineTenant,
  config: PricingConfig,
  product_id: string,
  supplier_id: string,
): Promise<Trend> {
  const [trend] = await db.query<Trend>(TREND, [
    tenant.tenant_id,
    product_id,
    tenant.time_zone,
    config.window_days,
    supplier_id,
  ]);
  return trend ?? { trend: null, change_percent: null, prices: 0, first_price: null, last_price: null };
}
