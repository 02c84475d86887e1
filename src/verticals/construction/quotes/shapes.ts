import { type Static, t } from "elysia";
import { pageOf, pageQuery } from "../../../platform/http/page.ts";
import { Id, Instant, nullable, oneOf, shape, text } from "../../../platform/http/shape.ts";
import { MoneyShown, PercentGiven, PercentShown } from "../amounts.ts";
import { Day } from "../documents/dates.ts";
import { documentFilters } from "../documents/filters.ts";
import { exampleItem, ItemsGiven, ItemsShown } from "../documents/items.ts";
import { QUOTE_STATUSES } from "./status.ts";

const Status = oneOf(QUOTE_STATUSES);

const example = {
  id: "019c5f50-5f6a-7b7c-8d8e-9f0a1b2c3d4e",
  number: "Q-000001",
  status: "draft",
  customer_id: "019c5f40-1b2c-7d3e-8f4a-5b6c7d8e9f00",
  customer_name: "Construtora Horizonte Ltda",
  job_site_id: null,
  discount_percent: "0.00",
  valid_days: 7,
  delivery_date: "2026-03-09",
  notes: null,
  total_value: "389.00",
  user_id: "019c5f30-0a0b-7c0d-8e0f-101112131415",
  order_id: null,
  sent_at: null,
  expires_at: null,
  approved_at: null,
  converted_at: null,
  cancelled_at: null,
  created_at: "2026-03-02T14:05:09.123456Z",
  updated_at: "2026-03-02T14:05:09.123456Z",
};

const summary = {
  id: Id,
  number: t.String({ examples: ["Q-000001"] }),
  status: Status,
  customer_id: Id,
  customer_name: t.String(),
  job_site_id: nullable(Id),
  discount_percent: PercentShown,
  valid_days: t.Integer(),
  delivery_date: nullable(Day),
  notes: nullable(t.String()),
  total_value: MoneyShown,
  user_id: nullable(Id),
  order_id: nullable(Id),
  sent_at: nullable(Instant),
  expires_at: nullable(Instant),
  approved_at: nullable(Instant),
  converted_at: nullable(Instant),
  cancelled_at: nullable(Instant),
  created_at: Instant,
  updated_at: Instant,
};

export const exampleQuote = { ...example, items: [exampleItem] };
const whole = { ...summary, items: ItemsShown };
export const QuoteShown = shape(whole, { examples: [exampleQuote] });
export const QuoteSummaryShown = shape(summary, { examples: [example] });
export const QuotePage = pageOf(QuoteSummaryShown, example);
export const exampleSummary = example;

const left_out = [{ product_id: "019c5f3e-7a6b-7c5d-8e4f-3a2b1c0d9e8f", product_name: "Telha 5 mm" }];
export const ReorderShown = shape(
  {
    ...whole,
    left_out: t.Array(shape({ product_id: Id, product_name: t.String() }), {
      description: "items whose product is inactive now",
    }),
  },
  { examples: [{ ...exampleQuote, left_out }] },
);

const fields = {
  customer_id: Id,
  job_site_id: t.Optional(nullable(Id)),
  discount_percent: t.Optional(PercentGiven),
  valid_days: t.Optional(t.Integer({ minimum: 1, maximum: 365, description: "days after sending; 7 unless given" })),
  delivery_date: t.Optional(nullable(Day)),
  notes: t.Optional(nullable(text(4000, "Frete incluso"))),
  items: ItemsGiven,
};
export const NewQuote = shape(fields, {
  examples: [
    {
      customer_id: example.customer_id,
      valid_days: 10,
      items: [{ product_id: exampleItem.product_id, quantity: 10, discount_percent: 5 }],
    },
  ],
});
export const QuoteChanges = t.Partial(shape(fields), {
  additionalProperties: false,
  description: "`items` replaces all of them",
  examples: [{ discount_percent: "2.50" }],
});
export const QuoteQuery = shape({ ...pageQuery, status: t.Optional(Status), ...documentFilters });

export type NewQuote = Static<typeof NewQuote>;
export type QuoteChanges = Static<typeof QuoteChanges>;
export type QuoteQuery = Static<typeof QuoteQuery>;
