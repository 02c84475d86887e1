#!/bin/sh
# A logical backup of the whole database, while everything runs: rows, events, roles of engines, rights. It fits any later
# version of PostgreSQL and any provider; what it holds is one moment, that of its start.
#
#   DATABASE_URL=postgres://basecommerce_owner:…@10.10.0.4/basecommerce BACKUP_DIR=/var/backups/basecommerce sh dump.sh
#
# Makes the folder BACKUP_DIR/<UTC time>/ with database.dump, roles.sql and SHA256SUMS, and prints its path. Folders older
# than KEEP_DAYS (14) go. DATABASE_URL is the owner's and leads past a transaction pool. The password may stand in PGPASSWORD
# or ~/.pgpass instead.
#
# AFTER_BACKUP is a command that is run with the folder as $1, for a store elsewhere (any S3-compatible one by rclone):
#
#   AFTER_BACKUP='rclone copy "$1" spaces:shop-backups/"$(basename "$1")"'
set -eu
umask 077

: "${DATABASE_URL:?dump.sh: DATABASE_URL is missing: the address of the database, logged in as basecommerce_owner}"
: "${BACKUP_DIR:?dump.sh: BACKUP_DIR is missing: the folder for backups}"
keep=${KEEP_DAYS:-14}

ask() { PGOPTIONS='-c statement_timeout=60s' psql -XqAt -v ON_ERROR_STOP=1 -d "$DATABASE_URL" -c "$1"; }

# Every table of tenants' rows hides them from everybody who has no policy, the owner included; a dump would hold none of
# those rows, and say nothing.
hidden=$(ask "
  select string_agg(c.oid::regclass::text, ', ' order by c.oid::regclass::text)
  from pg_class c
  where c.relkind in ('r', 'p') and c.relrowsecurity
    and not (select rolsuper or rolbypassrls from pg_roles where rolname = current_user)
    and (c.relforcerowsecurity or not pg_has_role(c.relowner, 'usage'))
    and not exists (
      select from pg_policy p
      where p.polrelid = c.oid and p.polpermissive and p.polcmd in ('*', 'r') and pg_get_expr(p.polqual, p.polrelid) = 'true'
        and p.polroles && array[0::oid, (select oid from pg_roles where rolname = current_user)])")
if [ -n "$hidden" ]; then
  echo "dump.sh: this login does not see all rows of $hidden: back up as basecommerce_owner" >&2
  exit 1
fi

mkdir -p "$BACKUP_DIR"
# Two in one second would be one inside the other.
while folder=$BACKUP_DIR/$(date -u +%Y%m%dT%H%M%SZ) && [ -e "$folder" ]; do sleep 0.1; done
name=$(basename "$folder")
partial=$BACKUP_DIR/.$name.partial
trap 'rm -rf "$partial"' EXIT
trap 'exit 1' HUP INT TERM
mkdir "$partial"

# Roles belong to the server, not to the database. Those of people's logins are made by roles.sql of infra/postgres.
ask "
  select format('select %L where not exists (select from pg_roles where rolname = %L)', 'create role ' || quote_ident(r.rolname)
         || ' nologin noinherit', r.rolname) || E' \\\\gexec\n' || format('grant %I to basecommerce_engines;', r.rolname)
  from pg_roles r join pg_auth_members m on m.roleid = r.oid
  where m.member = 'basecommerce_engines'::regrole
  order by r.rolname" > "$partial/roles.sql"

# --enable-row-security: PostgreSQL would refuse to dump tables under row-level security for anybody but a superuser; what
# is checked above makes it complete.
pg_dump --dbname="$DATABASE_URL" --format=custom --enable-row-security --no-comments --file="$partial/database.dump"
pg_restore --list "$partial/database.dump" > /dev/null
(cd "$partial" && sha256sum database.dump roles.sql > SHA256SUMS)
sync "$partial"/* 2>/dev/null || sync
mv "$partial" "$folder"

if [ -n "${AFTER_BACKUP:-}" ]; then sh -c "$AFTER_BACKUP" after-backup "$folder"; fi

# Only now: a backup that fails for weeks must not use up those that were made.
find "$BACKUP_DIR" -mindepth 1 -maxdepth 1 -type d -name '[0-9]*T[0-9]*Z' -mtime "+$keep" -exec rm -rf {} +
echo "$folder"
