-- What the ledger said when it was settled: for each event a link over everything before it in its partition. Whoever
-- changes, drops, adds or moves an event afterwards contradicts it from there on.

create table event_chain (
  stream text not null,
  partition integer not null,
  seq bigint not null,
  -- SHA-256 of the payload's text. The link covers this and not the text, so that an anonymized payload breaks nothing.
  payload_digest bytea not null,
  -- SHA-256 of (the link before it in the partition, the envelope, payload_digest).
  link bytea not null,
  primary key (stream, partition, seq)
);
grant select on event_chain to basecommerce_relay;

-- Payloads that were changed on purpose, by the one way that may: what they are now.
create table event_redaction (
  seq bigint primary key,
  tenant_id uuid not null,
  payload_digest bytea not null,
  redacted_at timestamptz not null default now()
);
create index event_redaction_tenant on event_redaction (tenant_id);
call protect_tenant_table('event_redaction');

-- What of an event is under its link, besides the payload's digest. Only `key` is free text, so it stands last.
create function event_chain_envelope(e event_log) returns bytea
language sql stable as $$
  select convert_to(concat_ws(E'\n', e.seq, e.event_id, e.tenant_id, e.stream, e.partition, e.event_type, e.version,
    (extract(epoch from e.occurred_at) * 1000000)::bigint, coalesce(e.trace, '-'), coalesce(e.causation_id::text, '-'),
    e.hops, e.key), 'UTF8')
$$;

create function event_chain_digest(payload json) returns bytea
language sql immutable as $$
  select sha256(convert_to(payload::text, 'UTF8'))
$$;

-- The first link of a partition follows this.
create function event_chain_beginning(stream text, partition integer) returns bytea
language sql immutable as $$
  select sha256(convert_to(stream || ' ' || partition, 'UTF8'))
$$;

create function event_chain_step(link bytea, item bytea) returns bytea
language sql immutable strict as $$ select sha256($1 || $2) $$;

-- Strict and without a beginning of its own: it begins with the first item, which is the link to go on from.
create aggregate event_chain_fold(bytea) (sfunc = event_chain_step, stype = bytea);

-- Extends every partition's chain over settled events in the order of seq, `most` at a time; returns how many. Everything
-- below the greatest chained seq is chained, because each call takes what follows it, over all partitions at once.
create function event_chain_extend(most integer) returns integer
language plpgsql security definer set search_path = public, pg_temp as $$
declare
  done bigint;
  settled bigint;
  made integer;
begin
  -- One at a time; another relay that was active a moment ago may still be at it. The row is one that engines cannot lock,
  -- as they could an advisory lock.
  perform from event_log_range where from_seq = (select min(from_seq) from event_log_range) for update skip locked;
  if not found then
    return 0;
  end if;
  select coalesce(max(settled_seq), 0) into settled from relay_progress;
  select coalesce(max(c.seq), 0) into done
  from event_stream s cross join generate_series(0, s.partitions - 1) n
  cross join lateral (
    select seq from event_chain where stream = s.stream and partition = n order by seq desc limit 1) c;
  with page as materialized (
    select stream, partition, seq, event_chain_envelope(e) as envelope, event_chain_digest(payload) as payload_digest
    from event_log e where seq > done and seq <= settled order by seq limit most
  ), items as (
    select stream, partition, 0 as seq, null::bytea as payload_digest,
           coalesce((select c.link from event_chain c where c.stream = p.stream and c.partition = p.partition
                     order by c.seq desc limit 1), event_chain_beginning(stream, partition)) as item
    from (select distinct stream, partition from page) p
    union all
    select stream, partition, seq, payload_digest, envelope || payload_digest from page
  ), links as (
    select stream, partition, seq, payload_digest,
           event_chain_fold(item) over (partition by stream, partition order by seq rows unbounded preceding) as link
    from items
  )
  insert into event_chain (stream, partition, seq, payload_digest, link)
  select stream, partition, seq, payload_digest, link from links where seq > 0;
  get diagnostics made = row_count;
  return made;
end $$;
revoke all on function event_chain_extend(integer) from public;
grant execute on function event_chain_extend(integer) to basecommerce_relay;
