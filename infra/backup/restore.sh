#!/bin/sh
# Restores a folder that dump.sh made into an empty database:
#
#   DATABASE_URL=postgres://basecommerce_owner:…@10.10.0.4/basecommerce sh restore.sh /var/backups/basecommerce/20261122T030000Z
#
# The database is there and roles.sql of infra/postgres was run in it, as for a new installation. Nothing of the platform
# runs. What has to be done afterwards, and in which order, docs/operations.md says under "Restore".
set -eu

folder=${1:?usage: DATABASE_URL=… restore.sh FOLDER}
: "${DATABASE_URL:?restore.sh: DATABASE_URL is missing: the address of the new database, logged in as basecommerce_owner}"

# Without the notices of roles that are there already, and of catalogs that only the server's administrator analyzes.
ask() { PGOPTIONS='-c client_min_messages=error' psql -XqAt -v ON_ERROR_STOP=1 -d "$DATABASE_URL" "$@"; }

(cd "$folder" && sha256sum --check --quiet SHA256SUMS) || {
  echo "restore.sh: the files of $folder are not those that were backed up" >&2
  exit 1
}
if [ "$(ask -c "select current_user")" != basecommerce_owner ]; then
  echo "restore.sh: log in as basecommerce_owner, who will own everything" >&2
  exit 1
fi
if [ -n "$(ask -c "select 1 from pg_class where relnamespace = 'public'::regnamespace and relkind in ('r', 'p') limit 1")" ]; then
  echo "restore.sh: this database holds tables already: restore into an empty one" >&2
  exit 1
fi

ask -f "$folder/roles.sql"
# In one transaction, so that a failure leaves the database as empty as it was.
pg_restore --dbname="$DATABASE_URL" --exit-on-error --single-transaction "$folder/database.dump"

# Whoever was signed out, or lost the account, after the backup would be let in again by it: everybody signs in anew. The
# leases name processes that are gone.
ask -c "update sessions set revoked_at = now() where revoked_at is null" -c "delete from lease" -c "analyze"
ask -c "select 'restored: ' || (select count(*) from tenants) || ' shop(s), events up to seq ' || coalesce(max(seq), 0)
               || ' of ' || coalesce(max(occurred_at)::text, 'never') from event_log"
