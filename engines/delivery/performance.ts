import { type EngineApp, type Row, t, unprocessable } from "@basecommerce/engine";
import type { DeliveryConfig } from "./config.ts";
import { calendarDay, Day } from "./day.ts";
import { explainPerformance } from "./explanation.ts";

/** How deliveries went that ended within the days asked for. Rates and minutes have 2 places, null of nothing. */
export interface Performance extends Row {
  from: string;
  to: string;
  delivered: number;
  /** Cancelled after they had left. */
  failed: number;
  /** From leaving to being delivered. */
  mean_minutes: string | null;
  /** Delivered of those that left, in percent. */
  success_rate: string | null;
  /** Those with an occurrence of those that left, in percent. */
  occurrence_rate: string | null;
  /** One stop for each that left. */
  cost: string;
}

const PERFORMANCE = `
  with last as (
    select coalesce($4::date, greatest((now() at time zone $2)::date, $3::date)) as to_day
  ), days as (
    select coalesce($3::date, to_day - 29) as from_day, to_day from last
  ), ended as (
    select e.order_id, e.status, e.reached_at as ended_at, o.reached_at as left_at,
           exists (select 1 from occurrences x where x.tenant_id = $1 and x.order_id = e.order_id) as troubled
    from days d join steps e on e.tenant_id = $1 and e.status in ('delivered', 'cancelled')
      and e.reached_at >= d.from_day::timestamp at time zone $2
      and e.reached_at < (d.to_day + 1)::timestamp at time zone $2
    join steps o on o.tenant_id = $1 and o.order_id = e.order_id and o.status = 'out_for_delivery'
  ), counts as (
    select count(*) as gone, count(*) filter (where status = 'delivered') as delivered,
           count(*) filter (where troubled) as troubled,
           sum(extract(epoch from ended_at - left_at)) filter (where status = 'delivered') as seconds
    from ended
  )
  select from_day as from, to_day as to, delivered::int as delivered, (gone - delivered)::int as failed,
         round(seconds / (nullif(delivered, 0) * 60.000000000000000000), 2) as mean_minutes,
         round(delivered * 100.000000000000000000 / nullif(gone, 0), 2) as success_rate,
         round(troubled * 100.000000000000000000 / nullif(gone, 0), 2) as occurrence_rate,
         round(gone * $5::numeric, 2) as cost
  from days cross join counts`;

/** `GET /performance?from&to`: local days, both included: 30 up to `to` without `from`, up to today without `to`. */
export function performanceRoutes(app: EngineApp<DeliveryConfig>) {
  return app.get(
    "/performance",
    async ({ db, tenant, config, query: { from, to } }) => {
      if (from !== undefined) calendarDay(from, "/from");
      if (to !== undefined) calendarDay(to, "/to");
      if (from !== undefined && to !== undefined && to < from) {
        throw unprocessable([{ path: "/to", message: "must not be before from" }]);
      }
      const parameters = [tenant.tenant_id, tenant.time_zone, from ?? null, to ?? null, config.cost_per_stop];
      const [performance] = await db.query<Performance>(PERFORMANCE, parameters);
      return performance && { ...performance, explanation: explainPerformance(performance, tenant.locale) };
    },
    { query: t.Object({ from: t.Optional(Day), to: t.Optional(Day) }, { additionalProperties: false }) },
  );
}
