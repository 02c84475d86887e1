import { boolean, pgTable, primaryKey, text, uuid } from "drizzle-orm/pg-core";
import { UNITS } from "../../../contracts/construction.ts";
import { instant, money } from "../../../platform/database/columns.ts";

export const products = pgTable(
  "products",
  {
    tenant_id: uuid().notNull(),
    id: uuid().notNull(),
    code: text(),
    name: text().notNull(),
    description: text(),
    category: text(),
    unit: text({ enum: UNITS }).notNull(),
    base_price: money().notNull(),
    active: boolean().notNull().default(true),
    created_at: instant().notNull(),
    updated_at: instant().notNull(),
  },
  (table) => [primaryKey({ columns: [table.tenant_id, table.id] })],
);

/** What a product cost from `created_at` on; `old_price` is null for its first price. */
export const product_prices = pgTable(
  "product_prices",
  {
    tenant_id: uuid().notNull(),
    id: uuid().notNull(),
    product_id: uuid().notNull(),
    old_price: money(),
    new_price: money().notNull(),
    user_id: uuid(),
    created_at: instant().notNull(),
  },
  (table) => [primaryKey({ columns: [table.tenant_id, table.id] })],
);
