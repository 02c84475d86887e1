import { integer, pgTable, primaryKey, text, uuid } from "drizzle-orm/pg-core";
import { day, instant, money, percent, quantity } from "../../../platform/database/columns.ts";
import { QUOTE_STATUSES } from "./status.ts";

export const quotes = pgTable(
  "quotes",
  {
    tenant_id: uuid().notNull(),
    id: uuid().notNull(),
    number: text().notNull(),
    status: text({ enum: QUOTE_STATUSES }).notNull(),
    customer_id: uuid().notNull(),
    job_site_id: uuid(),
    discount_percent: percent().notNull(),
    valid_days: integer().notNull(),
    delivery_date: day(),
    notes: text(),
    total_value: money().notNull(),
    user_id: uuid(),
    order_id: uuid(),
    sent_at: instant(),
    expires_at: instant(),
    approved_at: instant(),
    converted_at: instant(),
    cancelled_at: instant(),
    created_at: instant().notNull(),
    updated_at: instant().notNull(),
  },
  (table) => [primaryKey({ columns: [table.tenant_id, table.id] })],
);

export const quote_items = pgTable(
  "quote_items",
  {
    tenant_id: uuid().notNull(),
    quote_id: uuid().notNull(),
    position: integer().notNull(),
    product_id: uuid().notNull(),
    quantity: quantity().notNull(),
    unit_price: money().notNull(),
    discount_percent: percent().notNull(),
    notes: text(),
    total_value: money().notNull(),
  },
  (table) => [primaryKey({ columns: [table.tenant_id, table.quote_id, table.position] })],
);
