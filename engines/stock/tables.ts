import type { EngineMigration } from "@basecommerce/engine";

export const migrations: EngineMigration[] = [
  {
    id: "0001_products",
    up: `
      create table products (
        tenant_id uuid not null,
        product_id uuid not null,
        name text,
        unit text,
        active boolean not null default true,
        level numeric(18,3) not null default 0,
        first_event_at timestamptz not null,
        primary key (tenant_id, product_id)
      );
      -- Quantity and value sold in each hour. Hours of UTC, so that the shop's time zone matters only when days are
      -- counted, and a changed zone needs no replay.
      create table sales_by_hour (
        tenant_id uuid not null,
        product_id uuid not null,
        hour timestamptz not null,
        quantity numeric(18,3) not null,
        value numeric(18,2) not null,
        primary key (tenant_id, product_id, hour)
      );
      create index sales_by_hour_time on sales_by_hour (tenant_id, hour);`,
  },
];
