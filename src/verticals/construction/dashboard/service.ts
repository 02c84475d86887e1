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

// The shop's clock, its day, week and last 30 days. Written out in each condition, not joined, so that the planner knows
// the range it asks of an index that leads with the tenant and the instant.
const CLOCK = "($2::timestamptz at time zone $3)";
const starts = (clock: string) => `(${clock} at time zone $3)`;
const TODAY = starts(`date_trunc('day', ${CLOCK})`);
const TOMORROW = starts(`(date_trunc('day', ${CLOCK}) + interval '1 day')`);
const MONDAY = starts(`date_trunc('week', ${CLOCK})`);
const MONTH = starts(`(date_trunc('day', ${CLOCK}) - interval '29 days')`);

const FIGURES = `
  select ${CLOCK}::date as date,
    (select count(*) from quotes where tenant_id = $1 and created_at >= ${TODAY} and created_at < ${TOMORROW}) as quotes_today,
    (select count(*) from orders where tenant_id = $1 and created_at >= ${TODAY} and created_at < ${TOMORROW}) as orders_today,
    (select coalesce(sum(total_value), 0.00) from orders
     where tenant_id = $1 and delivered_at >= ${MONDAY} and delivered_at < ${TOMORROW}) as revenue_this_week,
    month.approved, month.converted
  from (
    select count(*) as approved, count(*) filter (where status = 'converted') as converted from quotes
    where tenant_id = $1 and approved_at >= ${MONTH} and approved_at < ${TOMORROW}
  ) month`;

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
