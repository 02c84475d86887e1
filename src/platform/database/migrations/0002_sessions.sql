-- Who is signed in. A refresh token is `<session>.<family>.<turn>`: only digests are kept. `family_digest` stays for the
-- session's life, `turn_digest` changes with each refresh; the right family with an old turn is a token used again.
create table sessions (
  tenant_id uuid not null,
  id uuid not null,
  user_id uuid not null,
  family_digest text not null,
  turn_digest text not null,
  created_at timestamptz not null default now(),
  refreshed_at timestamptz not null default now(),
  expires_at timestamptz not null,
  revoked_at timestamptz,
  primary key (tenant_id, id),
  foreign key (tenant_id, user_id) references users
);
create index sessions_user on sessions (tenant_id, user_id) where revoked_at is null;
create index sessions_age on sessions (tenant_id, expires_at);
call protect_tenant_table('sessions');
grant select, insert, update, delete on sessions to basecommerce_vertical;

-- The standing of a session: its user and the user's role now; no row when it has ended or the user may not act. The
-- engines' login asks this too and must not see users or digests.
create function session_standing(wanted_tenant uuid, wanted uuid)
returns table (user_id uuid, role text)
language sql stable security definer set search_path = public, pg_temp as $$
  select u.id, u.role
  from sessions s join users u on u.tenant_id = s.tenant_id and u.id = s.user_id
  where s.tenant_id = wanted_tenant and s.id = wanted
    and s.revoked_at is null and s.expires_at > now() and u.active
$$;
revoke all on function session_standing(uuid, uuid) from public;
grant execute on function session_standing(uuid, uuid) to basecommerce_vertical, basecommerce_engines;
