import type { EngineDb, EngineTenant, Parameter, Row } from "@basecommerce/engine";
import type { StockConfig } from "./config.ts";

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
  rupture: boolean;
  excess: boolean;
  /** What to buy to reach the maximum, in whole units of what is sold in pieces, sacks and boxes. */
  quantity_to_buy: string;
}

/** $1 tenant, $2 time zone, $3 window, $4 lead time, $5 safety percent: what every statement over `settings` takes. */
export function settingsOf(tenant: EngineTenant, config: StockConfig): Parameter[] {
  return [tenant.tenant_id, tenant.time_zone, config.window_days, config.lead_time_days, config.safety_stock_percent];
}

/** Active products with what counts for each: the shop's configuration, or what was set for the product. */
export const settings = `
  clock as (
    select (now() at time zone $2)::date as today
  ), settings as (
    select p.product_id, p.name, p.unit, coalesce(p.level, 0) as level, c.today,
           (p.first_event_at at time zone $2)::date as first_day,
           coalesce(o.window_days, $3::int) as window_days,
           coalesce(o.lead_time_days, $4::int) as lead_time_days,
           coalesce(o.safety_stock_percent, $5::numeric) as safety_stock_percent,
           o.minimum as set_minimum, o.maximum as set_maximum, o.updated_at as set_at
    from products p cross join clock c left join parameters o using (tenant_id, product_id)
    where p.tenant_id = $1 and coalesce(p.active, true)
  )`;

/** Days the average of `day` divides by: the window, or the days the product has existed when those are fewer. */
export const daysUntil = (day: string) => `greatest(1, least(window_days, ${day} - first_day))`;

/**
 * Bounds from `sold` (quantity of the window) and `days`: what was set, or minimum = average × lead time × (1 +
 * safety/100), maximum = average × lead time × 2, never under the minimum. One division, at the end: a rounded average
 * would carry its error on.
 */
export const minimum = `coalesce(set_minimum, round(
  sold * lead_time_days * (100 + safety_stock_percent) / (days * 100.000000000000000000), 3))`;
export const maximum = `greatest(${minimum}, coalesce(set_maximum, round(
  sold * lead_time_days * 2 / (days * 1.000000000000000000), 3)))`;

// What has no demand never runs out, and lies in excess only by a maximum somebody set.
export const rupture = "sold > 0 and level < minimum";
export const excess = "(sold > 0 or set_maximum is not null) and level > maximum";

// All products with the shop's window are added up in one walk over its sales.
const figures = (wanted: string, shown: string) => `
  with ${settings}, asked as (
    select * from settings where ${wanted}
  ), special as (
    -- With a window of their own.
    select product_id, today, window_days from asked where window_days <> $3::int
  ), sold as (
    select product_id, sum(quantity) as sold from sales
    where tenant_id = $1 and ${wanted}
      and quarter < (now() at time zone $2)::date::timestamp at time zone $2
      and quarter >= ((now() at time zone $2)::date - $3::int)::timestamp at time zone $2
      and product_id not in (select product_id from special)
    group by 1
    union all
    select p.product_id, sum(s.quantity)
    from special p join sales s on s.tenant_id = $1 and s.product_id = p.product_id
      and s.quarter >= (p.today - p.window_days)::timestamp at time zone $2
      and s.quarter < p.today::timestamp at time zone $2
    group by 1
  ), demand as (
    select a.*, coalesce(q.sold, 0) as sold, ${daysUntil("a.today")} as days
    from asked a left join sold q using (product_id)
  ), bounds as (
    select *, ${minimum} as minimum, ${maximum} as maximum from demand
  )
  select product_id, name, unit, round(level, 3) as level, round(sold / days, 3) as average_daily_demand,
         round(minimum, 3) as minimum, round(maximum, 3) as maximum,
         case when sold = 0 then null when level <= 0 then 0
              else least(div(level * days, sold), 2147483647)::int end as days_to_rupture,
         ${rupture} as rupture, ${excess} as excess,
         round(case when coalesce(unit, 'UN') in ('UN', 'SC', 'CX') then ceil(maximum - level) else maximum - level end, 3)
           as quantity_to_buy
  from bounds
  where ${shown}
  order by product_id`;

const OF_ALL = figures("true", "true");
const OF_SHORT = figures("true", rupture);
// A text of its own: the planner looks one product up and reads the sales of all at once.
const OF_ONE = figures("product_id = $6::uuid", "true");

/** Today's figures of all active products, or of one. Computed when asked: right on a day without events too. */
export async function figuresOf(
  db: EngineDb,
  tenant: EngineTenant,
  config: StockConfig,
  product_id?: string,
): Promise<Figures[]> {
  const given = settingsOf(tenant, config);
  return product_id === undefined
    ? await db.query<Figures>(OF_ALL, given)
    : await db.query<Figures>(OF_ONE, [...given, product_id]);
}

/** Today's figures of the products that run short. */
export async function shortOf(db: EngineDb, tenant: EngineTenant, config: StockConfig): Promise<Figures[]> {
  return await db.query<Figures>(OF_SHORT, settingsOf(tenant, config));
}
