#!/bin/sh
# The database droplet: PostgreSQL, Redis, backups, and the owner's commands (migrate, tenant, user …). It holds no key that
# signs tokens. Run as root, as often as you like:
#
#   sh infra/droplet/database.sh droplet.env
set -eu
# shellcheck source=infra/droplet/steps.sh
. "$(dirname "$0")/steps.sh"

begin "$@"
need_addresses PRIVATE_ADDRESS VERTICAL_ADDRESSES ENGINES_ADDRESSES
need_secret OWNER_PASSWORD VERTICAL_PASSWORD RELAY_PASSWORD ENGINES_PASSWORD REDIS_PASSWORD
size=${POSTGRES_SIZE:-2gb}
[ -r "$INFRA/postgres/$size.conf" ] || fail "POSTGRES_SIZE: $size is none of 2gb, 4gb, 8gb"
redis_memory=${REDIS_MEMORY:-512mb}
echo "$redis_memory" | grep -Eqx '[1-9][0-9]*[mg]b' || fail "REDIS_MEMORY: $redis_memory is no size such as 512mb"

every_droplet "$(allow "$VERTICAL_ADDRESSES $ENGINES_ADDRESSES" 5432 6379)"
packages postgresql redis-server gzip

# ---- PostgreSQL
version=$(find /usr/lib/postgresql -mindepth 1 -maxdepth 1 2>/dev/null | sed 's|.*/||' | sort -n | tail -n 1)
if [ -z "$version" ] && [ -n "$dry" ]; then version=15; fi
[ "${version:-0}" -ge 15 ] || fail "PostgreSQL 15 or later is needed, this system has ${version:-none}"
etc=/etc/postgresql/$version/main
[ -d "$etc" ] || change "make the cluster $version/main" pg_createcluster "$version" main

for name in common "$size" archive; do
  copy 0644 root "$INFRA/postgres/$name.conf" "/etc/postgresql/basecommerce/$name.conf"
done
put 0644 postgres:postgres "$etc/conf.d/basecommerce.conf" <<END
include '/etc/postgresql/basecommerce/$size.conf'
include '/etc/postgresql/basecommerce/archive.conf'
listen_addresses = '127.0.0.1, $PRIVATE_ADDRESS'
END
# Each login from where its role runs, and from nowhere else.
rules() {
  for address in $VERTICAL_ADDRESSES; do echo "host basecommerce basecommerce_vertical $address/32 scram-sha-256"; done
  for address in $ENGINES_ADDRESSES; do
    echo "host basecommerce basecommerce_relay,basecommerce_engines $address/32 scram-sha-256"
  done
}
put 0640 postgres:postgres "$etc/pg_hba.conf" <<END
local all postgres peer
local replication postgres peer
host basecommerce basecommerce_owner 127.0.0.1/32 scram-sha-256
$(rules)
END

for name in archive-wal base dump recover restore; do
  copy 0755 root "$INFRA/backup/$name.sh" "/usr/local/lib/basecommerce/$name.sh"
done
for name in /var/lib/basecommerce-wal /var/backups/basecommerce /var/backups/basecommerce-base; do folder 0700 postgres "$name"; done

service "postgresql@$version-main" "$etc/conf.d/basecommerce.conf" /etc/postgresql/basecommerce/*.conf
# Who may come from where needs no restart.
once "take over pg_hba.conf" "$(cat "$etc/pg_hba.conf" 2>/dev/null)" systemctl reload "postgresql@$version-main"

as_postgres() { setpriv --reuid=postgres --regid=postgres --init-groups -- "$@"; }
if [ -n "$dry" ]; then
  echo "would make the database basecommerce and its logins where they are missing"
else
  as_postgres psql -XqAt -d postgres -c "select 1 from pg_database where datname = 'basecommerce'" | grep -q 1 ||
    change "make the database" as_postgres createdb --encoding=UTF8 --locale=C.UTF-8 --template=template0 basecommerce
fi
logins() {
  # By the environment: on a command line everybody on the machine could read them.
  OWNER_PASSWORD=$OWNER_PASSWORD VERTICAL_PASSWORD=$VERTICAL_PASSWORD RELAY_PASSWORD=$RELAY_PASSWORD \
    ENGINES_PASSWORD=$ENGINES_PASSWORD as_postgres psql -Xq -d basecommerce < "$INFRA/postgres/roles.sql" > /dev/null
}
once "make the logins" "$(cat "$INFRA/postgres/roles.sql") $OWNER_PASSWORD $VERTICAL_PASSWORD $RELAY_PASSWORD $ENGINES_PASSWORD" logins

# ---- Redis
# It forks to rewrite its file; without this the kernel refuses when more than half of the memory is in use.
put 0644 root /etc/sysctl.d/60-basecommerce.conf <<END
vm.overcommit_memory = 1
END
once "take over the kernel's settings" "$(cat /etc/sysctl.d/60-basecommerce.conf 2>/dev/null)" sysctl -q -p /etc/sysctl.d/60-basecommerce.conf
copy 0644 root "$INFRA/redis/redis.conf" /etc/redis/redis.conf
folder 0755 root /etc/redis/basecommerce.d
put 0640 root:redis /etc/redis/basecommerce.d/droplet.conf <<END
bind 127.0.0.1 $PRIVATE_ADDRESS
requirepass $REDIS_PASSWORD
maxmemory $redis_memory
END
service redis-server /etc/redis/redis.conf /etc/redis/basecommerce.d/droplet.conf

# ---- The owner's commands, the backups and the ledger's retention
program
put 0600 root /etc/basecommerce/owner.env <<END
DATABASE_URL=postgres://basecommerce_owner:$OWNER_PASSWORD@127.0.0.1:5432/basecommerce
REDIS_URL=redis://:$REDIS_PASSWORD@127.0.0.1:6379
EVENT_RETENTION_DAYS=${EVENT_RETENTION_DAYS:-0}
END
for name in dump.service dump.timer base.service base.timer prune.service prune.timer; do
  copy 0644 root "$INFRA/systemd/basecommerce-$name" "/etc/systemd/system/basecommerce-$name"
done
once "read the units of the timers" "$(cat "$INFRA"/systemd/basecommerce-*)" systemctl daemon-reload
for name in dump base prune; do
  service "basecommerce-$name.timer" "/etc/systemd/system/basecommerce-$name.timer" "/etc/systemd/system/basecommerce-$name.service"
done
end
