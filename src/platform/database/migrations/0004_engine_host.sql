-- What the engine host needs beyond positions: events that wait or are dead, hosts, jobs, replays.

-- Events whose handler failed, and those of the same key behind them. The envelope is copied: the ledger may forget.
create table parked_event (
  engine text not null references engine on delete cascade,
  stream text not null,
  partition integer not null,
  seq bigint not null,
  event_id uuid not null,
  tenant_id uuid not null,
  event_type text not null,
  version integer not null,
  key text not null,
  payload json not null,
  occurred_at timestamptz not null,
  trace text,
  causation_id uuid,
  hops integer not null,
  -- parked: waits for next_attempt_at, or behind another event of its key when that is null; dead: for a person.
  state text not null check (state in ('parked', 'dead')),
  attempts integer not null,
  next_attempt_at timestamptz,
  error_code text,
  error_message text,
  fingerprint text,
  parked_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  primary key (engine, stream, partition, seq)
);
create index parked_event_key on parked_event (engine, stream, partition, tenant_id, key, seq);
create index parked_event_due on parked_event (engine, next_attempt_at) where state = 'parked';
create index parked_event_tenant on parked_event (tenant_id, key);
call protect_tenant_table('parked_event');
create policy engines on parked_event to basecommerce_engines using (true) with check (true);
grant select, insert, update, delete on parked_event to basecommerce_engines;

-- During a replay everything up to here was handled, and what it emitted was emitted, once before.
alter table engine_position add replay_until bigint not null default 0;

-- replay_needed: a new version subscribes to more than the old one did; its history of those is missing.
-- reset_pending: derived tables were emptied for a replay; the engine's own reset has not run yet.
alter table engine add replay_needed text, add reset_pending boolean not null default false;
grant update (replay_needed, reset_pending) on engine to basecommerce_engines;

-- Which hosts there are and how each engine is on them, by heartbeats on the database's clock.
create table engine_host (
  host text not null,
  engine text not null,
  version text,
  source text not null,
  state text not null,
  reason text,
  events bigint not null default 0,
  started_at timestamptz not null default now(),
  heartbeat_at timestamptz not null default now(),
  primary key (host, engine)
);
grant select, insert, update, delete on engine_host to basecommerce_engines;

create table engine_job (
  engine text not null references engine on delete cascade,
  job text not null,
  next_run_at timestamptz not null,
  started_at timestamptz,
  finished_at timestamptz,
  error_message text,
  primary key (engine, job)
);
grant select, insert, update on engine_job to basecommerce_engines;

-- A tenant by its id, for handlers: explanations need its language, days its zone.
create function tenant_by_id(wanted uuid)
returns table (tenant_id uuid, slug text, name text, time_zone text, locale text)
language sql stable security definer set search_path = public, pg_temp as $$
  select t.tenant_id, t.slug, t.name, t.time_zone, t.locale from tenants t where t.tenant_id = wanted
$$;
revoke all on function tenant_by_id(uuid) from public;
grant execute on function tenant_by_id(uuid) to basecommerce_engines;
