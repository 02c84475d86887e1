import { json, pgTable, primaryKey, text, uuid } from "drizzle-orm/pg-core";
import { instant } from "../../../platform/database/columns.ts";
import type { Address } from "../address.ts";

export const CUSTOMER_KINDS = ["individual", "company"] as const;

export const customers = pgTable(
  "customers",
  {
    tenant_id: uuid().notNull(),
    id: uuid().notNull(),
    kind: text({ enum: CUSTOMER_KINDS }).notNull(),
    name: text().notNull(),
    document: text(),
    email: text(),
    phone: text(),
    address: json().$type<Address>(),
    notes: text(),
    anonymized_at: instant(),
    created_at: instant().notNull(),
    updated_at: instant().notNull(),
  },
  (table) => [primaryKey({ columns: [table.tenant_id, table.id] })],
);
