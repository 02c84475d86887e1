import { integer, json, pgTable, primaryKey, text, uuid } from "drizzle-orm/pg-core";
import { day, instant, money, percent, quantity } from "../../../platform/database/columns.ts";
import type { Address } from "../address.ts";
import { ORDER_STATUSES } from "./status.ts";

export const orders = pgTable(
  "orders",
  {
    tenant_id: uuid().notNull(),
    id: uuid().notNull(),
    number: text().notNull(),
    status: text({ enum: ORDER_STATUSES }).notNull(),
    quote_id: uuid(),
    customer_id: uuid().notNull(),
    job_site_id: uuid(),
    discount_percent: percent().notNull(),
    delivery_date: day(),
    delivery_address: json().$type<Address>(),
    notes: text(),
    total_value: money().notNull(),
    user_id: uuid(),
    delivered_at: instant(),
    cancelled_at: instant(),
    created_at: instant().notNull(),
    updated_at: instant().notNull(),
  },
  (table) => [primaryKey({ columns: [table.tenant_id, table.id] })],
);

export const order_items = pgTable(
  "order_items",
  {
    tenant_id: uuid().notNull(),
    order_id: uuid().notNull(),
    position: integer().notNull(),
    product_id: uuid().notNull(),
    quantity: quantity().notNull(),
    unit_price: money().notNull(),
    discount_percent: percent().notNull(),
    notes: text(),
    total_value: money().notNull(),
  },
  (table) => [primaryKey({ columns: [table.tenant_id, table.order_id, table.position] })],
);
