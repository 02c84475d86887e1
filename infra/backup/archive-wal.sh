#!/bin/sh
# PostgreSQL's archive_command: keeps a finished segment of the write-ahead log, so that the database can be brought back to
# any moment since a base backup. In postgresql.conf (see infra/postgres/archive.conf):
#
#   archive_command = '/usr/local/lib/basecommerce/archive-wal.sh /var/lib/basecommerce-wal %p %f'
#
# Exit code 0 says to PostgreSQL that it may forget the segment. A segment that is there already with other content is never
# overwritten: two servers would be writing into one folder.
#
# AFTER_BACKUP, in the server's environment, is run with the file as $1, for a store elsewhere; PostgreSQL keeps the segment
# and tries again until it succeeds.
set -eu

folder=${1:?usage: archive-wal.sh FOLDER PATH NAME}
path=${2:?usage: archive-wal.sh FOLDER PATH NAME}
name=${3:?usage: archive-wal.sh FOLDER PATH NAME}
kept=$folder/$name.gz

if [ -e "$kept" ]; then
  gzip -dc "$kept" | cmp -s - "$path" || {
    echo "archive-wal.sh: $kept is there with other content: does another server archive into this folder?" >&2
    exit 1
  }
else
  # A quiet server's segments are mostly zeros.
  gzip -c "$path" > "$folder/.$name.partial"
  sync "$folder/.$name.partial"
  mv "$folder/.$name.partial" "$kept"
  sync "$folder"
fi

if [ -n "${AFTER_BACKUP:-}" ]; then sh -c "$AFTER_BACKUP" after-backup "$kept"; fi
