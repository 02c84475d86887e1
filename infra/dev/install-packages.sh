#!/bin/sh
# Installs packages of Debian or Ubuntu for development, as root, and starts none of their servers:
#
#   sh infra/dev/install-packages.sh postgresql redis-server nginx
#
# The tests run servers of their own; a server that the system starts on the usual port, or a database cluster that it
# makes and starts at every boot, is nothing that a test run should leave on somebody's machine.

set -eu

policy=/usr/sbin/policy-rc.d
mark="# of install-packages.sh: start nothing while it runs"
cluster=/etc/postgresql-common/createcluster.conf
kept=$cluster.before-install-packages

export DEBIAN_FRONTEND=noninteractive

[ "$(id -u)" = 0 ] || { echo "install-packages: only root may install packages" >&2; exit 1; }
command -v apt-get >/dev/null || { echo "install-packages: there is no apt-get on this machine" >&2; exit 1; }

# Test processes ask for the same packages at the same time. The lock ends with this shell, however that ends.
exec 9>/var/lock/basecommerce-install-packages
flock 9

install() {
  apt-get -qq -y -o DPkg::Lock::Timeout=300 -o Dpkg::Use-Pty=0 --no-install-recommends install "$@" </dev/null 9>&-
}

restore() {
  if [ -f "$policy" ] && grep -qF "$mark" "$policy"; then rm -f "$policy"; fi
  if [ -f "$kept" ]; then mv -f "$kept" "$cluster"; fi
}

# What another waited for may be there by now.
missing=
for package; do
  dpkg-query -W -f '${Status}' "$package" 2>/dev/null | grep -q 'ok installed' || missing="$missing $package"
done
[ -n "$missing" ] || exit 0

trap restore EXIT
trap 'exit 1' HUP INT TERM

# One that is there already is somebody's decision and stays as it is; it may allow servers to start.
if [ ! -e "$policy" ]; then
  printf '#!/bin/sh\n%s\nexit 101\n' "$mark" >"$policy"
  chmod 755 "$policy"
fi

# Lists may be missing altogether (images are shipped so) or too old to name files that still exist.
apt-get -qq -o DPkg::Lock::Timeout=300 update 9>&-

case $missing in
*postgresql*)
  install postgresql-common
  [ -f "$kept" ] || cp -p "$cluster" "$kept"
  echo "create_main_cluster = false" >>"$cluster"
  ;;
esac
# shellcheck disable=SC2086 # names of packages, one word each
install $missing

# Nor at the next start of the machine.
for package in $missing; do
  case $package in
  redis-server | nginx | prometheus) if command -v systemctl >/dev/null; then systemctl --quiet disable "$package" 2>/dev/null || :; fi ;;
  esac
done
