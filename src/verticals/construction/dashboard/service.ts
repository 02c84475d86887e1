import type { Money } from "../../../platform/decimal/money.ts";
import { type Percent, shareOf } from "../../../platform/decimal/percent.ts";
import { listQuotes, type QuoteSummary } from "../quotes/service.ts";
import type { ShopWork } from "../work.ts";

export interface Dashboard {
  /** Today, by the shop's clock. */
  date: string;
  time_zone: string;
  quotes_today: number;
  orders_today: number;
  /** Totals of the orders delivered since Monday. */
  revenue_this_week: Money;
  /** Of the quotes approved in the last 30 days, today included, the share converted; null when there are none. */
  conversion_rate: Percent | null;
  latest_quotes: QuoteSummary[];
}

// Each figure is a range of an index that leads with the tenant and the instant.
const FIGURES = `
  with day as (
    select date_trunc('day', $2::timestamptz at time zone $3) as today, date_trunc('week', $2::timestamptz at time zone $3) as monday
  ), since as (
    select today::date as date, today at time zone $3 as today, (today + interval '1 day') at time zone $3 as tomorrow,
           monday at time zone $3 as monday, (today - interval '29 days') at time zone $3 as month
    from day
  )
  select s.date,
    (select count(*) from quotes where tenant_id = $1 and created_at >= s.today and created_at < s.tomorrow) as quotes_today,
    (select count(*) from orders where tenant_id = $1 and created_at >= s.today and created_at < s.tomorrow) as orders_today,
    (select coalesce(sum(total_value), 0.00) from orders
     where tenant_id = $1 and delivered_at >= s.monday and delivered_at < s.tomorrow) as revenue_this_week,
    (select count(*) from quotes where tenant_id = $1 and approved_at >= s.month and approved_at < s.tomorrow) as approved,
    (select count(*) from quotes
     where tenant_id = $1 and approved_at >= s.month and approved_at < s.tomorrow and status = 'converted') as converted
  from since s`;

type Figures = Pick<Dashboard, "date" | "quotes_today" | "orders_today" | "revenue_this_week"> & {
  approved: number;
  converted: number;
};

/** How the shop's day goes, in days of its own time zone. */
export async function readDashboard(work: ShopWork): Promise<Dashboard> {
  const { tenant_id, time_zone } = work.tenant;
  const [[figures], latest] = await Promise.all([
    work.tx.query<Figures>(FIGURES, [tenant_id, work.now, time_zone]),
    listQuotes(work, { limit: 5 }),
  ]);
  if (!figures) throw new Error("the figures' query gave no row");
  const { approved, converted, ...shown } = figures;
  return {
    ...shown,
    time_zone,
    conversion_rate: shareOf(converted, approved) ?? null,
    latest_quotes: latest.items,
  };
}
