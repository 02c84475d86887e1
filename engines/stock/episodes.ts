import type { EngineDb, EngineTenant, Row } from "@basecommerce/engine";
import type { StockConfig } from "./config.ts";
import { daysUntil, excess, maximum, minimum, rupture, settings, settingsOf } from "./figures.ts";

/** How far back one occurrence of an alert is told from the next; also how long a resolved one is listed. */
export const HORIZON_DAYS = 30;

/** The latest occurrence of a cause. Exactly one of the instants is given. */
export interface Episode extends Row {
  product_id: string;
  kind: "rupture" | "excess";
  /** When what stands now began; at most HORIZON_DAYS ago. */
  since: string | null;
  /** When what stood last was over. */
  resolved_at: string | null;
}

/**
 * A product is judged at every moment something could have changed: each change of its level, each midnight (the window
 * moved on), when its parameters were set, and now; each time by the bounds of that day. What was before the parameters
 * were set is not judged by them.
 */
const episodes = (wanted: string) => `
  with ${settings}, horizon as (
    select today - ${HORIZON_DAYS} as first_day, (today - ${HORIZON_DAYS})::timestamp at time zone $2 as since from clock
  ), wanted as (
    select * from settings s
    where ${wanted} and (set_maximum is not null
           or exists (select 1 from sales where tenant_id = $1 and product_id = s.product_id))
  ), sold_by_day as (
    select product_id, window_days, (quarter at time zone $2)::date as day, sum(quantity) as quantity
    from sales join wanted using (product_id) where tenant_id = $1 group by 1, 2, 3
  ), turnover as (
    -- A sale counts from the next day on, for the days of the window.
    select product_id, day + 1 as day, quantity, false as asked from sold_by_day
    union all
    select product_id, day + 1 + window_days, -quantity, false from sold_by_day
    union all
    select product_id, d.day::date, 0, true
    from wanted w cross join horizon h cross join generate_series(h.first_day, w.today, interval '1 day') as d (day)
  ), sold as (
    select product_id, day, asked, sum(quantity) over (partition by product_id order by day) as sold from turnover
  ), demand as (
    select w.*, s.day, s.sold, ${daysUntil("s.day")} as days from sold s join wanted w using (product_id) where s.asked
  ), bounds as (
    select *, ${minimum} as minimum, ${maximum} as maximum from demand
  ), changes as (
    -- A movement that waited for another one may have begun before it: what counts is the order they had in the end.
    select l.product_id, max(least(l.changed_at, now())) over (partition by l.product_id order by l.seq) as at,
           l.seq, l.level, l.old_level
    from level_changes l join wanted using (product_id) cross join horizon h
    where l.tenant_id = $1 and l.changed_at >= h.since
  ), moments as (
    select product_id, day::timestamp at time zone $2 as at, 0 as seq, null as level from bounds where day > first_day
    union all
    select product_id, at, seq, level from changes
    union all
    select product_id, set_at, 0, null from wanted cross join horizon h where set_at >= h.since
    union all
    select product_id, now(), ${Number.MAX_SAFE_INTEGER}, level from wanted
    union all
    -- What the level was before its first change; no moment of its own.
    (select distinct on (product_id) product_id, h.since, -1, old_level from changes cross join horizon h
     order by product_id, seq)
  ), ordered as (
    select *, row_number() over moment as place, count(level) over moment as step
    from moments window moment as (partition by product_id order by at, seq)
  ), levelled as (
    select product_id, at, seq, place, first_value(level) over (partition by product_id, step order by place) as known
    from ordered
  ), judged as (
    select m.product_id, m.at, m.place, v.kind, v.bad
    from (
      select l.product_id, l.at, l.place, b.sold, b.minimum, b.maximum, b.set_maximum,
             coalesce(l.known, b.level) as level
      from levelled l join bounds b on b.product_id = l.product_id and b.day = (l.at at time zone $2)::date
      where l.seq >= 0 and l.at >= coalesce(b.set_at, '-infinity')
    ) m cross join lateral (values ('rupture', ${rupture}), ('excess', ${excess})) as v (kind, bad)
  ), turns as (
    select product_id, kind, max(place) filter (where bad) as last_bad,
           coalesce(max(place) filter (where not bad), 0) as last_good
    from judged group by 1, 2
  )
  select product_id, kind, min(at) filter (where place > last_good and bad) as since,
         min(at) filter (where place > last_bad) as resolved_at
  from judged join turns using (product_id, kind)
  where last_bad is not null
  group by 1, 2`;

const OF_ALL = episodes("true");
// A text of its own: the planner looks up a few products and reads the sales of all at once.
const OF_SOME = episodes("s.product_id in (select value::uuid from json_array_elements_text($6::text::json))");

/** The latest occurrences of `products`, of all when null. Products where nothing happened are left out. */
export async function episodesOf(
  db: EngineDb,
  tenant: EngineTenant,
  config: StockConfig,
  products: readonly string[] | null,
): Promise<Episode[]> {
  const given = settingsOf(tenant, config);
  if (products === null) return await db.query<Episode>(OF_ALL, given);
  return products.length === 0 ? [] : await db.query<Episode>(OF_SOME, [...given, JSON.stringify(products)]);
}
