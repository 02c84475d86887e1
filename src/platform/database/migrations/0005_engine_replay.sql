-- Sends an engine back to the beginning of history: empties what it derived, its parked events too. Tables it declared as
-- kept stay. The one right of the owner's that hosts need (an operator asks them by HTTP), so it is given as one function.
-- RP001: refused; the message says why.
create function engine_replay(wanted text, partial boolean) returns void
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
  delete from parked_event where engine = wanted;
  update engine_position set replay_until = greatest(replay_until, position), position = 0, owner = null, lease_until = null
  where engine = wanted;
  update engine set reset_pending = true, replay_needed = null where name = wanted;
end $$;
revoke all on function engine_replay(text, boolean) from public;
grant execute on function engine_replay(text, boolean) to basecommerce_engines;
