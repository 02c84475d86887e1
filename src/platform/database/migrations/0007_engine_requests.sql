-- What engines' routes answered to a POST with an Idempotency-Key. Apart from the vertical's keys, whose answers no engine may
-- see; engines' own roles may not come here either, the host writes it around their work.
create table engine_request_keys (
  tenant_id uuid not null,
  key text not null,
  request_digest text not null,
  status integer,
  headers json,
  body json,
  created_at timestamptz not null default now(),
  primary key (tenant_id, key)
);
create index engine_request_keys_age on engine_request_keys (created_at);
call protect_tenant_table('engine_request_keys');
create policy engines on engine_request_keys to basecommerce_engines using (true) with check (true);
grant select, insert, update, delete on engine_request_keys to basecommerce_engines;
