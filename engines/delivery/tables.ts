import type { EngineMigration } from "@basecommerce/engine";

/** What people entered: a replay leaves it alone. */
export const keptTables = ["arrivals", "occurrences", "proofs", "stops"];

export const migrations: EngineMigration[] = [
  {
    id: "0001_delivery",
    up: `
      create table deliveries (
        tenant_id uuid not null,
        order_id uuid not null,
        created_seq bigint,
        number text,
        customer_id uuid,
        -- Null once the customer was anonymized.
        customer_name text,
        address jsonb,
        delivery_date date,
        total_value numeric(18,2),
        -- The order's own; that somebody arrived stands in arrivals.
        status text not null,
        status_seq bigint not null,
        primary key (tenant_id, order_id)
      );
      create index deliveries_date on deliveries (tenant_id, delivery_date);
      create index deliveries_customer on deliveries (tenant_id, customer_id);
      create table steps (
        tenant_id uuid not null,
        order_id uuid not null,
        seq bigint not null,
        status text not null,
        reached_at timestamptz not null,
        user_id uuid,
        primary key (tenant_id, order_id, seq)
      );
      create index steps_time on steps (tenant_id, status, reached_at);
      -- What was ordered before this event and is only heard of later is blanked too.
      create table anonymized_customers (
        tenant_id uuid not null,
        customer_id uuid not null,
        seq bigint not null,
        primary key (tenant_id, customer_id)
      );
      create table arrivals (
        tenant_id uuid not null,
        order_id uuid not null,
        arrived_at timestamptz not null,
        user_id uuid not null,
        primary key (tenant_id, order_id)
      );
      create table occurrences (
        tenant_id uuid not null,
        order_id uuid not null,
        id uuid not null,
        kind text not null check (kind in ('missing_item', 'wrong_item', 'customer_absent', 'refused', 'other')),
        description text,
        user_id uuid not null,
        occurred_at timestamptz not null,
        primary key (tenant_id, order_id, id)
      );
      create table proofs (
        tenant_id uuid not null,
        order_id uuid not null,
        recipient_name text,
        recipient_document text,
        signature text,
        photo text,
        user_id uuid not null,
        recorded_at timestamptz not null,
        primary key (tenant_id, order_id)
      );
      -- A day's plan, stop by stop.
      create table stops (
        tenant_id uuid not null,
        delivery_date date not null,
        order_id uuid not null,
        region text not null,
        route integer not null,
        position integer not null,
        planned_at timestamptz not null,
        primary key (tenant_id, delivery_date, order_id)
      );`,
  },
  {
    // The day follows the last event that named one, whatever order they are heard of in.
    id: "0002_rescheduled",
    up: `
      alter table deliveries add date_seq bigint not null default 0;
      update deliveries set date_seq = coalesce(created_seq, 0);`,
  },
];
