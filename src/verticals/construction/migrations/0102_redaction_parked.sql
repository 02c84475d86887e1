-- As before, and in events that wait for another attempt of an engine or are dead: they are copies of the ledger's.
create or replace function redact_customer_in_ledger(wanted uuid, mask text) returns integer
language plpgsql security definer set search_path = public, pg_temp as $$
declare
  tenant uuid := nullif(current_setting('app.tenant_id', true), '')::uuid;
  made record;
  redacted integer := 0;
begin
  for made in select o.id, o.created_at from orders o where o.tenant_id = tenant and o.customer_id = wanted loop
    with changed as (
      update event_log e
      set payload = (e.payload::jsonb || jsonb_build_object('customer_name', mask, 'delivery_address', null))::json
      where e.occurred_at = made.created_at and e.tenant_id = tenant and e.stream = 'construction'
        and e.event_type = 'order_created' and e.key = made.id::text
      returning e.seq, e.tenant_id, event_chain_digest(e.payload) as payload_digest
    )
    insert into event_redaction as r (seq, tenant_id, payload_digest)
    select seq, tenant_id, payload_digest from changed
    on conflict (seq) do update set payload_digest = excluded.payload_digest, redacted_at = now();
    if found then
      redacted := redacted + 1;
    end if;
    update parked_event p
    set payload = (p.payload::jsonb || jsonb_build_object('customer_name', mask, 'delivery_address', null))::json
    where p.tenant_id = tenant and p.key = made.id::text and p.stream = 'construction' and p.event_type = 'order_created';
  end loop;
  return redacted;
end $$;
