#!/bin/sh
# A base backup: the files of the database server, from which archived WAL leads to any later moment. As the account
# `postgres` on the database droplet, while the server runs:
#
#   BACKUP_DIR=/var/backups/basecommerce-base WAL_DIR=/var/lib/basecommerce-wal sh base.sh
#
# Makes BACKUP_DIR/<UTC time>/base.tar.gz and prints the folder. Base backups older than KEEP_DAYS (14) go, but for the
# newest of those, and with them the WAL that none of the others needs. AFTER_BACKUP as in dump.sh. Where the server is
# said by PGHOST and PGPORT; the login must be allowed replication, as the server's administrator is.
set -eu
umask 077

: "${BACKUP_DIR:?base.sh: BACKUP_DIR is missing: the folder for base backups}"
: "${WAL_DIR:?base.sh: WAL_DIR is missing: the folder archive-wal.sh writes to}"
keep=${KEEP_DAYS:-14}

if [ "$(psql -XqAt -d postgres -c 'show archive_mode')" != on ]; then
  echo "base.sh: this server archives no WAL: include archive.conf of infra/postgres and restart it" >&2
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

# With the WAL of its own duration: it can be started without the archive.
pg_basebackup --pgdata="$partial" --format=tar --gzip --wal-method=fetch --checkpoint=fast --label=basecommerce
sync
mv "$partial" "$folder"

if [ -n "${AFTER_BACKUP:-}" ]; then sh -c "$AFTER_BACKUP" after-backup "$folder"; fi

old=$(find "$BACKUP_DIR" -mindepth 1 -maxdepth 1 -type d -name '[0-9]*T[0-9]*Z' -mtime "+$keep" | sort | sed '$d')
if [ -n "$old" ]; then
  echo "$old" | while read -r past; do rm -rf "$past"; done
  oldest=$(find "$BACKUP_DIR" -mindepth 1 -maxdepth 1 -type d -name '[0-9]*T[0-9]*Z' | sort | head -n 1)
  first=$(tar -xzOf "$oldest/base.tar.gz" backup_label | sed -n 's/^START WAL LOCATION: .*(file \([0-9A-F]*\)).*/\1/p')
  find "$WAL_DIR" -maxdepth 1 -type f -name '????????????????????????.gz' | while read -r segment; do
    # Names count up, in hexadecimal digits of one length.
    if expr "$(basename "$segment" .gz)" \< "$first" > /dev/null; then rm -f "$segment"; fi
  done
fi
echo "$folder"
