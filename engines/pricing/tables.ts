import type { EngineMigration } from "@basecommerce/engine";

export const migrations: EngineMigration[] = [
  {
    id: "0001_pricing",
    up: `
      -- The seqs say which event a fact is from: what is retried late must not overwrite what came after it.
      create table products (
        tenant_id uuid not null,
        product_id uuid not null,
        name text,
        active boolean,
        facts_seq bigint,
        primary key (tenant_id, product_id)
      );
      -- The name is told by prices too, whether it is active only by the supplier's own events.
      create table suppliers (
        tenant_id uuid not null,
        supplier_id uuid not null,
        name text not null,
        name_seq bigint not null,
        active boolean,
        active_seq bigint,
        primary key (tenant_id, supplier_id)
      );
      -- Every price that was ever asked. A price from 0 units on has no minimum quantity.
      create table prices (
        tenant_id uuid not null,
        product_id uuid not null,
        supplier_id uuid not null,
        min_quantity numeric(18,3) not null,
        seq bigint not null,
        event_id uuid not null,
        price numeric(18,2) not null,
        payment_days integer,
        registered_at timestamptz not null,
        primary key (tenant_id, product_id, supplier_id, min_quantity, seq)
      );
      create unique index prices_seq on prices (tenant_id, seq);`,
  },
];
