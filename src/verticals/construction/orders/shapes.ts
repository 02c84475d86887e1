import { type Static, t } from "elysia";
import { pageOf, pageQuery } from "../../../platform/http/page.ts";
import { Id, Instant, nullable, oneOf, shape, text } from "../../../platform/http/shape.ts";
import { AddressShown } from "../address.ts";
import { MoneyShown, PercentGiven, PercentShown } from "../amounts.ts";
import { Day } from "../documents/dates.ts";
import { documentFilters } from "../documents/filters.ts";
import { exampleItem, ItemsGiven, ItemsShown } from "../documents/items.ts";
import { ORDER_STATUSES } from "./status.ts";

const Status = oneOf(ORDER_STATUSES);

const example = {
  id: "019c5f52-3c4d-7e5f-8a6b-7c8d9e0f1a2b",
  number: "O-000001",
  status: "pending",
  quote_id: null,
  customer_id: "019c5f40-1b2c-7d3e-8f4a-5b6c7d8e9f00",
  customer_name: "Construtora Horizonte Ltda",
  job_site_id: null,
  discount_percent: "0.00",
  delivery_date: "2026-03-09",
  delivery_address: null,
  notes: null,
  total_value: "389.00",
  user_id: "019c5f30-0a0b-7c0d-8e0f-101112131415",
  delivered_at: null,
  cancelled_at: null,
  created_at: "2026-03-02T14:05:09.123456Z",
  updated_at: "2026-03-02T14:05:09.123456Z",
};

const summary = {
  id: Id,
  number: t.String({ examples: ["O-000001"] }),
  status: Status,
  quote_id: nullable(Id),
  customer_id: Id,
  customer_name: t.String(),
  job_site_id: nullable(Id),
  discount_percent: PercentShown,
  delivery_date: nullable(Day),
  delivery_address: nullable(AddressShown),
  notes: nullable(t.String()),
  total_value: MoneyShown,
  user_id: nullable(Id),
  delivered_at: nullable(Instant),
  cancelled_at: nullable(Instant),
  created_at: Instant,
  updated_at: Instant,
};

export const exampleOrder = { ...example, items: [exampleItem] };
export const OrderShown = shape({ ...summary, items: ItemsShown }, { examples: [exampleOrder] });
export const OrderPage = pageOf(shape(summary, { examples: [example] }), example);

export const NewOrder = shape(
  {
    customer_id: Id,
    job_site_id: t.Optional(nullable(Id)),
    discount_percent: t.Optional(PercentGiven),
    delivery_date: t.Optional(nullable(Day)),
    notes: t.Optional(nullable(text(4000, "Ligar antes"))),
    items: ItemsGiven,
  },
  {
    examples: [
      {
        customer_id: example.customer_id,
        delivery_date: example.delivery_date,
        items: [{ product_id: exampleItem.product_id, quantity: 10 }],
      },
    ],
  },
);
export const OrderChanges = shape(
  { delivery_date: t.Optional(nullable(Day)) },
  { examples: [{ delivery_date: "2026-03-10" }] },
);
export const StatusChange = shape({ status: Status }, { examples: [{ status: "preparing" }] });
export const OrderQuery = shape({ ...pageQuery, status: t.Optional(Status), ...documentFilters });

export type NewOrder = Static<typeof NewOrder>;
export type OrderChanges = Static<typeof OrderChanges>;
export type OrderQuery = Static<typeof OrderQuery>;
