import type { EngineMigration } from "@basecommerce/engine";

/** Nothing here can be derived again: what was sent was sent. */
export const keptTables = ["endpoints", "deliveries"];

export const migrations: EngineMigration[] = [
  {
    id: "0001_webhooks",
    up: `
      create table endpoints (
        tenant_id uuid not null,
        id uuid not null,
        url text not null,
        description text,
        -- Null = every type.
        event_types jsonb,
        secret text not null,
        -- Signs too until then, so that receivers can change theirs without losing anything.
        previous_secret text,
        previous_secret_until timestamptz,
        active boolean not null default true,
        inactive_reason text,
        failing_since timestamptz,
        created_at timestamptz not null,
        primary key (tenant_id, id)
      );
      create table deliveries (
        tenant_id uuid not null,
        id uuid not null,
        endpoint_id uuid not null,
        event_id uuid not null,
        event_type text not null,
        body jsonb not null,
        status text not null check (status in ('pending', 'delivered', 'failed')),
        attempts integer not null default 0,
        created_at timestamptz not null,
        -- When the days of trying began: again when somebody retries.
        queued_at timestamptz not null,
        next_attempt_at timestamptz,
        last_attempt_at timestamptz,
        last_status integer,
        last_error text,
        primary key (tenant_id, id),
        unique (tenant_id, endpoint_id, event_id),
        foreign key (tenant_id, endpoint_id) references endpoints on delete cascade
      );
      create index deliveries_due on deliveries (next_attempt_at) where status = 'pending';
      create index deliveries_age on deliveries (tenant_id, created_at);`,
  },
  {
    id: "0002_due_by_endpoint",
    up: `
      drop index deliveries_due;
      create index deliveries_due on deliveries (tenant_id, endpoint_id, next_attempt_at) where status = 'pending';`,
  },
  {
    // Changed twice within a day, the first secret would have stopped signing long before its 24 hours were over.
    id: "0003_retired_secrets",
    up: `
      -- Of each the secret and until when it signs too. The columns before it are for the version before, which may run
      -- beside this one for a while: a later migration drops them.
      alter table endpoints add retired_secrets jsonb not null default '[]';
      update endpoints set retired_secrets =
        jsonb_build_array(jsonb_build_object('secret', previous_secret, 'until', previous_secret_until))
      where previous_secret_until > now();`,
  },
];
