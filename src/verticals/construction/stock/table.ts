import { pgTable, primaryKey, text, uuid } from "drizzle-orm/pg-core";
import { instant, quantity } from "../../../platform/database/columns.ts";

export const MOVEMENT_TYPES = ["in", "out", "adjustment", "sale"] as const;

/** How much of a product there is; without a row it never moved, and there is none. */
export const stock_levels = pgTable(
  "stock_levels",
  {
    tenant_id: uuid().notNull(),
    product_id: uuid().notNull(),
    quantity: quantity().notNull(),
    updated_at: instant().notNull(),
  },
  (table) => [primaryKey({ columns: [table.tenant_id, table.product_id] })],
);

export const stock_movements = pgTable(
  "stock_movements",
  {
    tenant_id: uuid().notNull(),
    id: uuid().notNull(),
    product_id: uuid().notNull(),
    movement_type: text({ enum: MOVEMENT_TYPES }).notNull(),
    quantity: quantity().notNull(),
    old_quantity: quantity().notNull(),
    new_quantity: quantity().notNull(),
    reason: text(),
    order_id: uuid(),
    user_id: uuid(),
    created_at: instant().notNull(),
  },
  (table) => [primaryKey({ columns: [table.tenant_id, table.id] })],
);
