import type { EngineMigration } from "@basecommerce/engine";

export const migrations: EngineMigration[] = [
  {
    id: "0001_sales",
    up: `
      -- The seqs say which event a fact is from: what is retried late must not overwrite what came after it.
      create table products (
        tenant_id uuid not null,
        product_id uuid not null,
        name text,
        category text,
        active boolean,
        facts_seq bigint,
        price numeric(18,2),
        price_seq bigint,
        primary key (tenant_id, product_id)
      );
      -- One row for each delivered order of the window and one for each product in it: what an event costs depends on
      -- its basket alone. Counts are made when somebody asks, over the baskets that hold the product in question.
      create table baskets (
        tenant_id uuid not null,
        order_id uuid not null,
        customer_id uuid not null,
        delivered_at timestamptz not null,
        primary key (tenant_id, order_id)
      );
      create index baskets_time on baskets (tenant_id, delivered_at);
      create index baskets_customer on baskets (tenant_id, customer_id);
      create table basket_products (
        tenant_id uuid not null,
        order_id uuid not null,
        product_id uuid not null,
        primary key (tenant_id, order_id, product_id)
      );
      create index basket_products_product on basket_products (tenant_id, product_id, order_id);
      -- The newest event of each shop: what is too old is judged by it and not by the clock on the wall, so that a
      -- replay keeps the same rows.
      create table clocks (
        tenant_id uuid not null primary key,
        latest_event_at timestamptz not null
      );`,
  },
];
