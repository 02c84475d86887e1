#!/bin/sh
# Plays systemd on a machine of a test: remembers what was enabled and started, and starts the real programs.
[ "$1" = --quiet ] && shift
verb=$1
shift
[ "${1:-}" = --quiet ] && shift
state=/run/stand-in

begin() {
  case $1 in
    nftables) nft -f /etc/nftables.conf ;;
    nginx) nginx ;;
    postgresql@*-main)
      version=${1#postgresql@}
      pg_ctlcluster "${version%-main}" main start
      ;;
    redis-server) setpriv --reuid=redis --regid=redis --clear-groups redis-server /etc/redis/redis.conf --daemonize yes >/dev/null ;;
    basecommerce@*)
      role=${1#basecommerce@}
      # shellcheck disable=SC2046 # one setting in a word
      setpriv --reuid=65533 --regid=65533 --clear-groups env -i $(cat "/etc/basecommerce/$role.env") PATH="$PATH" HOME=/tmp \
        PLUGINS_DIR=/opt/basecommerce/plugins DRAIN_SECONDS=0 /usr/local/bin/basecommerce start --role "$role" </dev/null >"$state/$role.log" 2>&1 &
      echo $! >"$state/pid $1"
      ;;
    basecommerce-*.timer) ;;
    basecommerce-*)
      unit=/etc/systemd/system/$1.service
      file=$(sed -n 's/^EnvironmentFile=//p' "$unit")
      # shellcheck disable=SC2046
      setpriv --reuid=postgres --regid=postgres --init-groups env $(sed -n 's/^Environment=//p' "$unit") \
        $(cat /dev/null ${file:+"$file"}) $(sed -n 's/^ExecStart=//p' "$unit") >/dev/null
      ;;
  esac
}

finish() {
  case $1 in
    nginx) nginx -s stop ;;
    postgresql@*-main)
      version=${1#postgresql@}
      pg_ctlcluster "${version%-main}" main stop --mode fast
      ;;
    redis-server) redis-cli -a "$(sed -n 's/^requirepass //p' /etc/redis/basecommerce.d/droplet.conf)" shutdown 2>/dev/null ;;
    basecommerce@*)
      pid=$(cat "$state/pid $1")
      kill "$pid"
      while kill -0 "$pid" 2>/dev/null; do sleep 0.1; done
      ;;
  esac
}

take_over() {
  case $1 in
    nginx) nginx -s reload ;;
    postgresql@*-main)
      version=${1#postgresql@}
      pg_ctlcluster "${version%-main}" main reload
      ;;
  esac
}

for unit in "${@:-}"; do
  case $verb in is-*) ;; *) echo "$verb $unit" >>$state/log ;; esac
  active="$state/active $unit"
  case $verb in
    is-enabled) [ -e "$state/enabled $unit" ] || exit 1 ;;
    is-active) [ -e "$active" ] || exit 1 ;;
    enable) touch "$state/enabled $unit" ;;
    start | restart)
      if [ "$verb" = restart ] && [ -e "$active" ]; then finish "$unit"; fi
      begin "$unit" || exit 1
      touch "$active"
      ;;
    stop)
      finish "$unit" &
      rm -f "$active"
      ;;
    reload) take_over "$unit" ;;
  esac
done
[ "$verb" != stop ] || wait
