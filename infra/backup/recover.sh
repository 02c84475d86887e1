#!/bin/sh
# Prepares a data folder that, when PostgreSQL is started on it, is the database at a moment of the past. As the account
# `postgres`, into a folder that is empty or not there:
#
#   sh recover.sh /var/backups/basecommerce-base/20261122T030000Z /var/lib/basecommerce-wal /var/lib/postgresql/15/main \
#     '2026-11-22 14:05:00+00'
#
# Without the time: up to the last archived segment. The server needs the settings it had; it opens for writing when it has
# got there. What has to be done afterwards, docs/operations.md says under "Restore".
set -eu
umask 077

base=${1:?usage: recover.sh BASE_BACKUP WAL_FOLDER DATA_FOLDER [TIME]}
wal=${2:?usage: recover.sh BASE_BACKUP WAL_FOLDER DATA_FOLDER [TIME]}
data=${3:?usage: recover.sh BASE_BACKUP WAL_FOLDER DATA_FOLDER [TIME]}
time=${4:-}

if [ -n "$(ls -A "$data" 2> /dev/null)" ]; then
  echo "recover.sh: $data is not empty: move it away, do not delete it before the recovered server is well" >&2
  exit 1
fi

mkdir -p "$data"
chmod 700 "$data"
tar -xzf "$base/base.tar.gz" -C "$data"
{
  echo "restore_command = 'gzip -dc \"$wal/%f.gz\" > \"%p\"'"
  echo "recovery_target_action = 'promote'"
  if [ -n "$time" ]; then echo "recovery_target_time = '$time'"; fi
} >> "$data/postgresql.auto.conf"
touch "$data/recovery.signal"
echo "start PostgreSQL on $data; it is open when pg_is_in_recovery() is false"
