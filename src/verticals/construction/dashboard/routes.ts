import { Elysia, t } from "elysia";
import { memberContext } from "../../../platform/http/context.ts";
import { operation } from "../../../platform/http/operation.ts";
import { nullable, shape } from "../../../platform/http/shape.ts";
import { MoneyShown, PercentShown } from "../amounts.ts";
import { Day } from "../documents/dates.ts";
import { exampleSummary, QuoteSummaryShown } from "../quotes/shapes.ts";
import type { ConstructionParts } from "../work.ts";
import { readDashboard } from "./service.ts";

const DashboardShown = shape(
  {
    date: Day,
    time_zone: t.String({ description: "the days are days of this zone", examples: ["America/Sao_Paulo"] }),
    quotes_today: t.Integer({ description: "quotes made today" }),
    orders_today: t.Integer({ description: "orders made today" }),
    revenue_this_week: MoneyShown,
    conversion_rate: nullable(PercentShown),
    latest_quotes: t.Array(QuoteSummaryShown, { maxItems: 5 }),
  },
  {
    description:
      "`revenue_this_week`: totals of the orders delivered since Monday. `conversion_rate`: of the quotes approved in " +
      "the last 30 days the percentage converted, null when there are none.",
    examples: [
      {
        date: "2026-03-02",
        time_zone: "America/Sao_Paulo",
        quotes_today: 12,
        orders_today: 7,
        revenue_this_week: "8123.40",
        conversion_rate: "66.67",
        latest_quotes: [exampleSummary],
      },
    ],
  },
);

export function dashboardRoutes({ uow }: ConstructionParts) {
  return new Elysia({ name: "construction-dashboard", prefix: "/dashboard", normalize: false })
    .use(memberContext)
    .get("", ({ work_context }) => uow.run(work_context, readDashboard), {
      response: { 200: DashboardShown },
      detail: operation("See how the shop's day goes", { tag: "dashboard" }),
    });
}
