-- Events that a replay comes to for the first time: they waited or were dead when it was begun, so nothing they bring
-- about was published yet. By seq, which is the ledger's own.
create table engine_unhandled (
  engine text not null references engine on delete cascade,
  seq bigint not null,
  primary key (engine, seq)
);
grant select, delete on engine_unhandled to basecommerce_engines;

create or replace function engine_replay(wanted text, partial boolean) returns void
language plpgsql security definer set search_path = public, pg_temp as $$
declare
  home text := 'engine_' || replace(wanted, '-', '_');
  kept text[];
  first bigint;
  derived text;
begin
  select array(select json_array_elements_text(e.manifest->'kept_tables')) into kept from engine e where e.name = wanted;
  if not found then
    raise exception 'no engine % is installed', wanted using errcode = 'RP001';
  end if;
  select min(from_seq) into first from event_log_range;
  if not partial and first > 1 then
    raise exception 'the ledger begins at seq %: history before it is gone; --partial replays what is left', first
      using errcode = 'RP001';
  end if;
  select string_agg(format('%I.%I', home, c.relname), ', ') into derived
  from pg_class c join pg_namespace n on n.oid = c.relnamespace
  where n.nspname = home and c.relkind in ('r', 'p') and not c.relispartition
    and c.relname <> 'schema_migration' and c.relname <> all (kept);
  -- Batches that are under way end first, and in this order: their effects come before their positions. What begins before
  -- this commits finds another position than it knew, and is undone.
  if derived is not null then
    execute 'truncate ' || derived;
  end if;
  perform 1 from engine_position where engine = wanted order by stream, partition for update;
  -- What a replay before this one has not come to stays; what was handled before that one, and failed in it, is not new.
  insert into engine_unhandled (engine, seq)
  select e.engine, e.seq from parked_event e join engine_position p using (engine, stream, partition)
  where e.engine = wanted and e.seq > p.replay_until
  on conflict do nothing;
  delete from parked_event where engine = wanted;
  update engine_position set replay_until = greatest(replay_until, position), position = 0, owner = null, lease_until = null
  where engine = wanted;
  update engine set reset_pending = true, replay_needed = null where name = wanted;
end $$;
