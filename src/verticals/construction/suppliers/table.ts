import { boolean, integer, pgTable, primaryKey, text, uuid } from "drizzle-orm/pg-core";
import { instant, money, quantity } from "../../../platform/database/columns.ts";

export const suppliers = pgTable(
  "suppliers",
  {
    tenant_id: uuid().notNull(),
    id: uuid().notNull(),
    name: text().notNull(),
    document: text(),
    email: text(),
    phone: text(),
    active: boolean().notNull().default(true),
    created_at: instant().notNull(),
    updated_at: instant().notNull(),
  },
  (table) => [primaryKey({ columns: [table.tenant_id, table.id] })],
);

/** What a supplier asks for a product from `created_at` on, at a quantity of at least `min_quantity`. */
export const supplier_prices = pgTable(
  "supplier_prices",
  {
    tenant_id: uuid().notNull(),
    id: uuid().notNull(),
    supplier_id: uuid().notNull(),
    product_id: uuid().notNull(),
    price: money().notNull(),
    min_quantity: quantity(),
    payment_days: integer(),
    user_id: uuid(),
    created_at: instant().notNull(),
  },
  (table) => [primaryKey({ columns: [table.tenant_id, table.id] })],
);
