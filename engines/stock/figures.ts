import type { EngineDb, EngineTenant, Row } from "@basecommerce/engine";

export interface StockConfig {
  lead_time_days: number;
  safety_stock_percent: number;
  window_days: number;
}

/** What is known of one product today. Quantities are decimal strings with 3 places. */
export interface Figures extends Row {
  product_id: string;
  name: string | null;
  unit: string | null;
  level: string;
  /** Sold each day on average over the window. */
  average_daily_demand: string;
  minimum: string;
  maximum: string;
  /** Whole days until nothing is left; null without demand. */
  days_to_rupture: number | null;
}

/**
 * The window is the last `window_days` local days ending yesterday; the average divides by the days the product has
 * existed when those are fewer. minimum = average × lead time × (1 + safety/100); maximum = average × lead time × 2,
 * never under the minimum. Computed when asked, so that it is right on a day without events too.
 */
const FIGURES = `
  with day as (
    select (now() at time zone $2)::date as today
  ), span as (
    select today, (today - $3::int)::timestamp at time zone $2 as since, today::timestamp at time zone $2 as until from day
  ), sold as (
    select product_id, sum(quantity) as quantity
    from sales_by_hour, span
    where tenant_id = $1 and hour >= span.since and hour < span.until
    group by product_id
  ), demand as (
    select p.product_id, p.name, p.unit, p.level,
           coalesce(s.quantity, 0)
             / greatest(1, least($3::int, span.today - (p.first_event_at at time zone $2)::date)) as average
    from products p cross join span left join sold s using (product_id)
    where p.tenant_id = $1 and p.active
  ), bounds as (
    select *, average * $4::int * (1 + $5::numeric / 100) as low,
           greatest(average * $4::int * 2, average * $4::int * (1 + $5::numeric / 100)) as high
    from demand
  )
  select product_id, name, unit, level, round(average, 3) as average_daily_demand, round(low, 3) as minimum,
         round(high, 3) as maximum,
         case when average = 0 then null when level <= 0 then 0 else floor(level / average)::int end as days_to_rupture
  from bounds
  where average > 0 and (level < low or level > high)
  order by product_id`;

/** Figures of the products whose level lies outside of its bounds. */
export async function outOfBounds(db: EngineDb, tenant: EngineTenant, config: StockConfig): Promise<Figures[]> {
  return await db.query<Figures>(FIGURES, [
    tenant.tenant_id,
    tenant.time_zone,
    config.window_days,
    config.lead_time_days,
    config.safety_stock_percent,
  ]);
}
