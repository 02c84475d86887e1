-- What every role stands on: tenants and users, the ledger, the relay's progress, the engines' positions.

-- Row-level security for a table of tenants' rows: nobody sees a row of another tenant, the table's owner included,
-- except under the owner's own policy, without which data migrations update nothing and dumps are empty, silently.
create procedure protect_tenant_table(name regclass) language plpgsql as $$
begin
  execute format('alter table %s enable row level security', name);
  execute format('alter table %s force row level security', name);
  execute format('create policy owner on %s to basecommerce_owner using (true) with check (true)', name);
  -- nullif: after a local setting the value is '', not null; sub-select: evaluated once, not for each row.
  execute format(
    'create policy tenant on %s using (tenant_id = nullif((select current_setting(''app.tenant_id'', true)), '''')::uuid)',
    name);
end $$;

create table tenants (
  tenant_id uuid primary key,
  slug text not null unique check (slug ~ '^[a-z0-9]([a-z0-9-]{1,61}[a-z0-9])$'),
  name text not null,
  tax_id text,
  email text,
  phone text,
  address json,
  time_zone text not null default 'America/Sao_Paulo',
  locale text not null default 'pt-BR' check (locale in ('pt-BR', 'en')),
  active boolean not null default true,
  logo_url text,
  primary_color text not null default '#1a73e8',
  secondary_color text not null default '#ea4335',
  features jsonb not null default '{}',
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now()
);
call protect_tenant_table('tenants');
grant select, update on tenants to basecommerce_vertical;

-- Before a tenant is known nobody may read tenants; this one answer by slug is all there is.
create function tenant_by_slug(wanted text)
returns table (tenant_id uuid, slug text, name text, time_zone text, locale text, active boolean,
               logo_url text, primary_color text, secondary_color text, features jsonb)
language sql stable security definer set search_path = public, pg_temp as $$
  select t.tenant_id, t.slug, t.name, t.time_zone, t.locale, t.active,
         t.logo_url, t.primary_color, t.secondary_color, t.features
  from tenants t where t.slug = wanted
$$;
revoke all on function tenant_by_slug(text) from public;
grant execute on function tenant_by_slug(text) to basecommerce_vertical, basecommerce_engines;

create table users (
  tenant_id uuid not null references tenants,
  id uuid not null,
  name text not null,
  email text not null,
  password_hash text not null,
  role text not null check (role in ('admin', 'seller')),
  active boolean not null default true,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  primary key (tenant_id, id)
);
create unique index users_email on users (tenant_id, lower(email));
call protect_tenant_table('users');
grant select, insert, update on users to basecommerce_vertical;

-- Answers of POST requests by Idempotency-Key, kept 24 h, written in the transaction of the write itself.
create table idempotency_keys (
  tenant_id uuid not null references tenants,
  key text not null,
  request_digest text not null,
  status integer,
  headers json,
  body json,
  created_at timestamptz not null default now(),
  primary key (tenant_id, key)
);
create index idempotency_keys_age on idempotency_keys (tenant_id, created_at);
call protect_tenant_table('idempotency_keys');
grant select, insert, update, delete on idempotency_keys to basecommerce_vertical;

-- Named streams and how many partitions each was made with; the count never changes afterwards.
create table event_stream (
  stream text primary key,
  partitions integer not null check (partitions between 1 and 1024),
  created_at timestamptz not null default now()
);
grant select, insert on event_stream to basecommerce_vertical, basecommerce_relay, basecommerce_engines;

-- The ledger: append-only, in order. The only truth about events.
create table event_log (
  seq bigint generated always as identity (cache 1),
  event_id uuid not null,
  tenant_id uuid not null,
  stream text not null,
  partition integer not null,
  event_type text not null,
  version integer not null,
  key text not null,
  payload json not null,
  occurred_at timestamptz not null,
  trace text,
  causation_id uuid,
  hops integer not null,
  primary key (seq)
) partition by range (seq);
create index event_log_partition on event_log (stream, partition, seq);
call protect_tenant_table('event_log');
create policy relay on event_log for select to basecommerce_relay using (true);
create policy engines on event_log to basecommerce_engines using (true) with check (true);
grant insert on event_log to basecommerce_vertical;
grant select on event_log to basecommerce_relay;
grant select, insert on event_log to basecommerce_engines;

create table event_log_range (
  name text primary key,
  from_seq bigint not null unique,
  to_seq bigint not null
);
grant select on event_log_range to basecommerce_relay;

-- Makes the ranges of seq that are missing until `ahead` whole ones wait behind the one being written. LIKE and ATTACH,
-- because CREATE TABLE ... PARTITION OF would wait for every open writer and queue the rest behind itself.
create function event_log_extend(ahead integer default 2, size bigint default 1000000) returns integer
language plpgsql security definer set search_path = public, pg_temp as $$
declare
  head bigint;
  first bigint;
  made integer := 0;
  leaf text;
begin
  -- One at a time, by a lock that engines have no right to: anyone may take an advisory one.
  lock table event_log_range in share row exclusive mode;
  select case when is_called then last_value else 0 end into head from event_log_seq_seq;
  loop
    exit when (select count(*) from event_log_range where from_seq > head) >= ahead;
    select coalesce(max(to_seq), 1) into first from event_log_range;
    leaf := format('event_log_%s', first);
    execute format('create table %I (like event_log including defaults including constraints including indexes)', leaf);
    execute format('create unique index %I on %I (event_id)', leaf || '_event_id', leaf);
    execute format('alter table %I enable row level security', leaf);
    execute format('alter table %I force row level security', leaf);
    execute format('create policy owner on %I to basecommerce_owner using (true) with check (true)', leaf);
    execute format('alter table event_log attach partition %I for values from (%s) to (%s)', leaf, first, first + size);
    insert into event_log_range (name, from_seq, to_seq) values (leaf, first, first + size);
    made := made + 1;
  end loop;
  return made;
end $$;
revoke all on function event_log_extend(integer, bigint) from public;
grant execute on function event_log_extend(integer, bigint) to basecommerce_relay;

-- How far the ledger is and how much room it has: head = newest seq handed out, room = seqs left in made ranges,
-- range_size = width of the newest range.
create function event_log_room(out head bigint, out room bigint, out range_size bigint)
language sql stable security definer set search_path = public, pg_temp as $$
  select s.head, r.upto - 1 - s.head, r.size
  from (select case when is_called then last_value else 0 end as head from event_log_seq_seq) s,
       (select max(to_seq) as upto, (array_agg(to_seq - from_seq order by to_seq desc))[1] as size from event_log_range) r
$$;
revoke all on function event_log_room() from public;
grant execute on function event_log_room() to basecommerce_vertical, basecommerce_relay, basecommerce_engines;

select event_log_extend();

-- How far the relay has settled the ledger: everything <= settled_seq is published, in every partition.
create table relay_progress (
  stream text not null,
  partition integer not null,
  settled_seq bigint not null,
  last_seq bigint not null,
  updated_at timestamptz not null default now(),
  primary key (stream, partition)
);
grant select, insert, update on relay_progress to basecommerce_relay;
grant select on relay_progress to basecommerce_engines;

-- Who does what only one should do, by the database's clock; usable through a transaction pool.
create table lease (
  name text primary key,
  owner text not null,
  lease_until timestamptz not null
);
grant select, insert, update, delete on lease to basecommerce_relay, basecommerce_engines;

create table engine (
  name text primary key,
  version text not null,
  description text not null,
  manifest json not null,
  installed_at timestamptz not null default now(),
  updated_at timestamptz not null default now()
);
grant select on engine to basecommerce_engines;

-- Whether an engine is on for a tenant and with what configuration; no row = the engine's defaults.
create table engine_tenant (
  engine text not null references engine on delete cascade,
  tenant_id uuid not null references tenants,
  enabled boolean not null,
  config json not null,
  updated_at timestamptz not null default now(),
  primary key (engine, tenant_id)
);
call protect_tenant_table('engine_tenant');
create policy engines on engine_tenant to basecommerce_engines using (true) with check (true);
grant select, insert, update on engine_tenant to basecommerce_engines;

-- How far an engine has come in a partition; advances only in the transaction of the effects.
create table engine_position (
  engine text not null references engine on delete cascade,
  stream text not null,
  partition integer not null,
  position bigint not null,
  owner text,
  lease_until timestamptz,
  starts_without_commit integer not null default 0,
  in_hand_seq bigint,
  in_hand_attempt integer,
  updated_at timestamptz not null default now(),
  primary key (engine, stream, partition)
) with (fillfactor = 50);
grant select, insert, update on engine_position to basecommerce_engines;
grant select on engine_position to basecommerce_relay;
