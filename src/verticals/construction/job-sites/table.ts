import { boolean, json, pgTable, primaryKey, text, uuid } from "drizzle-orm/pg-core";
import { instant } from "../../../platform/database/columns.ts";
import type { Address } from "../address.ts";

export const job_sites = pgTable(
  "job_sites",
  {
    tenant_id: uuid().notNull(),
    id: uuid().notNull(),
    customer_id: uuid().notNull(),
    name: text().notNull(),
    address: json().$type<Address>(),
    notes: text(),
    active: boolean().notNull().default(true),
    created_at: instant().notNull(),
    updated_at: instant().notNull(),
  },
  (table) => [primaryKey({ columns: [table.tenant_id, table.id] })],
);
