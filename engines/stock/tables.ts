import type { EngineMigration } from "@basecommerce/engine";

/** What people entered: a replay leaves it alone. */
export const keptTables = ["parameters", "decisions"];

export const migrations: EngineMigration[] = [
  {
    id: "0001_stock",
    up: `
      -- Columns are null until an event said something about them. The seqs say which event did: a dead event that is
      -- retried later must not overwrite what came after it.
      create table products (
        tenant_id uuid not null,
        product_id uuid not null,
        name text,
        unit text,
        active boolean,
        facts_seq bigint,
        level numeric(18,3),
        level_seq bigint,
        first_event_at timestamptz not null,
        primary key (tenant_id, product_id)
      );
      -- Quantity and value sold in each quarter of an hour: every time zone's midnight begins one, so the shop's zone
      -- matters only when days are counted, and a changed zone needs no replay.
      create table sales (
        tenant_id uuid not null,
        product_id uuid not null,
        quarter timestamptz not null,
        quantity numeric(18,3) not null,
        value numeric(18,2) not null,
        primary key (tenant_id, product_id, quarter)
      );
      create index sales_time on sales (tenant_id, quarter);
      create table level_changes (
        tenant_id uuid not null,
        product_id uuid not null,
        seq bigint not null,
        changed_at timestamptz not null,
        old_level numeric(18,3) not null,
        level numeric(18,3) not null,
        primary key (tenant_id, product_id, seq)
      );
      create index level_changes_time on level_changes (tenant_id, changed_at);
      -- The newest event of each shop: what is too old is judged by it and not by the clock on the wall, so that a
      -- replay keeps the same rows.
      create table clocks (
        tenant_id uuid not null primary key,
        latest_event_at timestamptz not null
      );
      -- Null = what the configuration, or the demand, says.
      create table parameters (
        tenant_id uuid not null,
        product_id uuid not null,
        minimum numeric(18,3),
        maximum numeric(18,3),
        lead_time_days integer,
        safety_stock_percent numeric(5,2),
        window_days integer,
        updated_at timestamptz not null,
        primary key (tenant_id, product_id)
      );
      -- What somebody said to an alert (acknowledged) or to a suggestion (accepted, rejected). Holds for the occurrence
      -- it was said to, see episodes.ts.
      create table decisions (
        tenant_id uuid not null,
        product_id uuid not null,
        subject text not null check (subject in ('rupture', 'excess', 'purchase')),
        decision text not null check (decision in ('acknowledged', 'accepted', 'rejected')),
        decided_by uuid not null,
        decided_at timestamptz not null,
        primary key (tenant_id, product_id, subject)
      );`,
  },
];
