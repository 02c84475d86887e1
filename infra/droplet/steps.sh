# shellcheck shell=sh
# What the scripts of this folder are made of; each reads this file first. Debian 12 and 13, Ubuntu 24.04 and later.
#
# Every step looks first and changes only what is not as it should be, so a script may be run again at any time: after a
# changed setting, for a new version, or to see that nothing is to do. With --dry-run it says what it would do.

INFRA=$(CDPATH='' cd -- "$(dirname -- "$0")/.." && pwd)
STATE=/var/lib/basecommerce-droplet
dry=
changes=0

fail() {
  echo "$(basename "$0"): $*" >&2
  exit 2
}

# begin "$@": reads the options and the file of settings.
begin() {
  if [ "${1:-}" = --dry-run ]; then
    dry=yes
    shift
  fi
  [ $# = 1 ] || fail "usage: $(basename "$0") [--dry-run] SETTINGS (see droplet.env.example)"
  [ -r "$1" ] || fail "cannot read $1"
  case $1 in */*) settings=$1 ;; *) settings=./$1 ;; esac
  # shellcheck disable=SC1090 # a file of the operator
  . "$settings"
  [ -n "$dry" ] || [ "$(id -u)" = 0 ] || fail "only root can set up a droplet; --dry-run says what it would do"
  # shellcheck source=/dev/null
  . /etc/os-release
  case "${ID:-}:${VERSION_ID:-}" in
    debian:12 | debian:13 | ubuntu:2[4-9].04) ;;
    *) fail "this is ${PRETTY_NAME:-an unknown system}; Debian 12 or 13, or Ubuntu 24.04 or later, is needed" ;;
  esac
  umask 022
}

# need NAME…: settings that must be there.
need() {
  for name; do
    eval "value=\${$name:-}"
    [ -n "$value" ] || fail "$name is missing in $settings"
  done
}

# need_secret NAME…: parts of URLs and of configuration files, so letters and digits only.
need_secret() {
  need "$@"
  for name; do
    eval "value=\${$name}"
    case $value in
      *[!A-Za-z0-9]*) fail "$name may hold letters and digits only, as from: openssl rand -hex 32" ;;
    esac
    [ "${#value}" -ge 32 ] || fail "$name has fewer than 32 characters; make one with: openssl rand -hex 32"
  done
}

# need_addresses NAME…: IPv4 addresses of the private network, separated by blanks.
need_addresses() {
  need "$@"
  for name; do
    eval "value=\${$name}"
    for address in $value; do
      echo "$address" | grep -Eqx '([0-9]{1,3}\.){3}[0-9]{1,3}' || fail "$name: $address is not an IPv4 address"
    done
  done
}

# change WHAT COMMAND…: something is not as it should be.
change() {
  what=$1
  shift
  changes=$((changes + 1))
  if [ -n "$dry" ]; then
    echo "would $what"
    return
  fi
  echo "$what"
  "$@"
}

# packages NAME…: installs those that are missing.
packages() {
  missing=
  for package; do
    [ "$(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null || :)" = installed ] || missing="$missing $package"
  done
  [ -n "$missing" ] || return 0
  # shellcheck disable=SC2086 # names, one word each
  change "install$missing" install_packages $missing
}

install_packages() {
  export DEBIAN_FRONTEND=noninteractive
  apt-get -qq -o DPkg::Lock::Timeout=300 update
  apt-get -qq -y -o DPkg::Lock::Timeout=300 -o Dpkg::Use-Pty=0 -o Dpkg::Options::=--force-confold \
    --no-install-recommends install "$@" </dev/null
}

# folder MODE OWNER PATH
folder() {
  if [ -d "$3" ]; then
    # A fourth digit in front is inherited: Debian gives the folder of Redis to its group.
    case $(stat -c '%a %U' "$3") in *"${1#0} $2") return 0 ;; esac
  fi
  change "make the folder $3" make_folder "$@"
}

make_folder() {
  mkdir -p "$3"
  chown "$2" "$3"
  chmod "$1" "$3"
}

# put MODE OWNER[:GROUP] PATH: the file has what comes on stdin (of a here-document: behind a pipe its changes would not be
# counted). Its content is never printed: it may be a secret.
put() {
  wanted=$(cat; echo x)
  wanted=${wanted%x}
  if [ -f "$3" ] && [ "$(stat -c '%a' "$3")" = "${1#0}" ] && printf %s "$wanted" | cmp -s - "$3"; then return 0; fi
  change "write $3" write_file "$@"
}

write_file() {
  mkdir -p "$(dirname "$3")"
  # Never for a moment readable by more than it should be.
  (umask 077 && printf %s "$wanted" > "$3.new")
  chown "$2" "$3.new"
  chmod "$1" "$3.new"
  mv "$3.new" "$3"
}

# copy MODE OWNER[:GROUP] SOURCE PATH
copy() {
  [ -r "$3" ] || fail "$3 is not there"
  if [ -f "$4" ] && [ "$(stat -c '%a' "$4")" = "${1#0}" ] && cmp -s "$3" "$4"; then return 0; fi
  change "write $4" copy_file "$@"
}

# A running program's file can be replaced, not written to.
copy_file() {
  mkdir -p "$(dirname "$4")"
  cp "$3" "$4.new"
  chown "$2" "$4.new"
  chmod "$1" "$4.new"
  mv "$4.new" "$4"
}

# once NAME TEXT COMMAND…: runs the command when TEXT is not the one it succeeded with last.
once() {
  name=$1
  digest=$(printf %s "$2" | sha256sum | cut -d ' ' -f 1)
  shift 2
  if [ -f "$STATE/$name" ] && [ "$(cat "$STATE/$name")" = "$digest" ]; then return 0; fi
  change "$name" "$@"
  [ -n "$dry" ] || remember "$name" "$digest"
}

remember() {
  mkdir -p "$STATE"
  chmod 700 "$STATE"
  echo "$2" > "$STATE/$1"
}

# enabled UNIT: it is started at every boot.
enabled() {
  if ! systemctl is-enabled --quiet "$1" 2>/dev/null; then change "enable $1" systemctl --quiet enable "$1"; fi
}

# service UNIT FILE…: enabled, and started anew since the last change of its files.
service() {
  unit=$1
  shift
  enabled "$unit"
  digest=$(cat /dev/null "$@" 2>/dev/null | sha256sum | cut -d ' ' -f 1)
  if [ "$(cat "$STATE/start $unit" 2>/dev/null)" = "$digest" ] && systemctl is-active --quiet "$unit" 2>/dev/null; then return 0; fi
  change "start $unit anew" systemctl restart "$unit"
  [ -n "$dry" ] || remember "start $unit" "$digest"
}

# What every droplet has: security updates by themselves, a journal that does not fill the disk, and a firewall that lets in
# SSH and what the given rules of nftables say.
every_droplet() {
  rules=$1
  packages nftables unattended-upgrades ca-certificates
  put 0644 root /etc/apt/apt.conf.d/20auto-upgrades <<-'END'
	APT::Periodic::Update-Package-Lists "1";
	APT::Periodic::Unattended-Upgrade "1";
	END
  put 0644 root /etc/systemd/journald.conf.d/basecommerce.conf <<-'END'
	[Journal]
	SystemMaxUse=500M
	MaxRetentionSec=1month
	END
  # No `flush ruleset`: tables of others (a provider's agent, containers) stay.
  put 0644 root /etc/nftables.conf <<-END
	#!/usr/sbin/nft -f
	table inet basecommerce
	delete table inet basecommerce
	table inet basecommerce {
	  chain input {
	    type filter hook input priority filter; policy drop;
	    ct state established,related accept
	    ct state invalid drop
	    iif lo accept
	    meta l4proto { icmp, ipv6-icmp } accept
	    ip saddr { $(list "${SSH_FROM:-0.0.0.0/0}") } tcp dport 22 accept
	$rules
	  }
	}
	END
  service nftables /etc/nftables.conf
  service systemd-journald /etc/systemd/journald.conf.d/basecommerce.conf
}

# "a b" as "a, b".
list() { echo "$1" | sed 's/^ *//; s/ *$//; s/  */, /g'; }

# allow FROM PORT…: a rule for every_droplet; nobody when FROM is empty.
allow() {
  from=$(list "$1")
  shift
  [ -z "$from" ] || echo "    ip saddr { $from } tcp dport { $(list "$*") } accept"
}

# The program, and the unit that runs a role of it.
program() {
  copy 0755 root "${BINARY:-$INFRA/../dist/basecommerce}" /usr/local/bin/basecommerce
  folder 0755 root /etc/basecommerce
  folder 0755 root /opt/basecommerce/plugins
}

# role NAME: with /etc/basecommerce/NAME.env from stdin.
role() {
  put 0600 root "/etc/basecommerce/$1.env"
  copy 0644 root "$INFRA/systemd/basecommerce@.service" /etc/systemd/system/basecommerce@.service
  once "read the units of $1" "$(cat "$INFRA/systemd/basecommerce@.service")" systemctl daemon-reload
  service "basecommerce@$1" /usr/local/bin/basecommerce "/etc/basecommerce/$1.env" /etc/systemd/system/basecommerce@.service
}

end() {
  if [ "$changes" = 0 ]; then echo "nothing to change"; fi
}
