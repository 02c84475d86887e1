-- The logins of BaseCommerce and what they may do with the database that psql is connected to. PostgreSQL 15 or later.
--
-- The only step for an administrator: a superuser, or where a provider gives none, a role with CREATEROLE and CREATEDB that
-- owns the database. Everything after it (migrations, roles of engines, changed passwords, backups) is done as
-- basecommerce_owner. It may be run again at any time: it sets passwords and grants anew and takes nothing away.
--
--   createdb basecommerce
--   psql -d basecommerce -f roles.sql
--
-- Passwords come from the psql variables owner_password, vertical_password, relay_password and engines_password or, which
-- keeps them out of the list of processes, from the environment: OWNER_PASSWORD, VERTICAL_PASSWORD, RELAY_PASSWORD,
-- ENGINES_PASSWORD. They become parts of URLs: letters and digits only, as from `openssl rand -hex 32`.

\set ON_ERROR_STOP on

\if :{?owner_password}
\else
  \set owner_password ''
  \getenv owner_password OWNER_PASSWORD
\endif
\if :{?vertical_password}
\else
  \set vertical_password ''
  \getenv vertical_password VERTICAL_PASSWORD
\endif
\if :{?relay_password}
\else
  \set relay_password ''
  \getenv relay_password RELAY_PASSWORD
\endif
\if :{?engines_password}
\else
  \set engines_password ''
  \getenv engines_password ENGINES_PASSWORD
\endif

-- The server would take an empty password, and then let nobody in.
select '' in (:'owner_password', :'vertical_password', :'relay_password', :'engines_password') as missing \gset
\if :missing
  do $$ begin
    raise exception 'a password is missing'
      using hint = 'Set OWNER_PASSWORD, VERTICAL_PASSWORD, RELAY_PASSWORD and ENGINES_PASSWORD.';
  end $$;
\endif

-- Passwords belong neither in the server's log nor among the statements pg_stat_statements remembers.
do $$ begin
  if (select rolsuper from pg_roles where rolname = current_user) then
    perform set_config(name, value, false)
    from (values
      ('log_statement', 'none'), ('log_min_duration_statement', '-1'), ('log_min_error_statement', 'panic'),
      ('pg_stat_statements.track_utility', 'off')
    ) as setting (name, value);
  end if;
end $$;
set password_encryption = 'scram-sha-256';
-- "Already a member", run again.
set client_min_messages = warning;

begin;

select format('create role %I', name) as statement
from unnest(array['basecommerce_owner', 'basecommerce_vertical', 'basecommerce_relay', 'basecommerce_engines']) as name
where not exists (select from pg_roles where rolname = name)
\gexec

-- Owns all there is, and makes the roles of engines. Neither superuser nor exempt from row-level security: what it sees of a
-- FORCEd table, a policy gives it.
alter role basecommerce_owner with login createrole password :'owner_password';
alter role basecommerce_vertical with login password :'vertical_password';
alter role basecommerce_relay with login password :'relay_password';
-- A member of every engine's role, with the rights of none until it takes one (SET LOCAL ROLE): else each engine could reach
-- into each other's schema. PostgreSQL 15 decides by this attribute, 16 and later copy it into each grant.
alter role basecommerce_engines with login noinherit password :'engines_password';

-- With these the owner can give the logins new passwords, on 16 and later too, where CREATEROLE alone no longer reaches roles
-- that somebody else made.
grant basecommerce_vertical, basecommerce_relay, basecommerce_engines to basecommerce_owner with admin option;

-- An administrator who is no superuser may hand a database only to a role it is a member of.
select 'grant basecommerce_owner to current_user' as statement
where not (select rolsuper from pg_roles where rolname = current_user)
  and not exists (
    select from pg_auth_members
    where roleid = 'basecommerce_owner'::regrole and member = (select oid from pg_roles where rolname = current_user)
      and not admin_option
  )
  and current_user <> 'basecommerce_owner'
\gexec

-- The owner of the database may create schemas in it and, by pg_database_owner, tables in `public`.
select format('alter database %I owner to basecommerce_owner', current_database()) as statement
where (select datdba from pg_database where datname = current_database()) <> 'basecommerce_owner'::regrole
\gexec

-- Nobody else gets in: a login of another database on the same server is a stranger here.
select format('revoke all on database %I from public', current_database()) as statement
\gexec
select format('grant connect on database %I to basecommerce_vertical, basecommerce_relay, basecommerce_engines', current_database()) as statement
\gexec
-- So by default since 15; a database that came from an older server by pg_upgrade still lets everybody create here.
revoke create on schema public from public;

-- The last net under the limits that the platform sets for each transaction: a process that stopped in the middle of one
-- must not hold its locks for good. The edge waits 35 s for an answer, so a statement of a request ends before.
alter role basecommerce_vertical set statement_timeout = '30s';
alter role basecommerce_vertical set idle_in_transaction_session_timeout = '30s';
alter role basecommerce_relay set idle_in_transaction_session_timeout = '60s';
alter role basecommerce_engines set idle_in_transaction_session_timeout = '60s';

commit;
