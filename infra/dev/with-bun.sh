#!/bin/sh
# Runs a TypeScript file of this repository with Bun, on a machine that has Bun or only Node.js with npm:
#
#   sh infra/dev/with-bun.sh src/main.ts start --role all
#
# Behind every script of package.json, so that `npm start` and `npm test` are the first commands after cloning. What it
# fetches stays inside the repository: Bun in .bun/, the packages of bun.lock in node_modules/.

set -eu

fail() {
  echo "with-bun: $1" >&2
  exit 1
}

[ $# -gt 0 ] || fail "say which file to run: sh infra/dev/with-bun.sh <file.ts> [arguments]"
CDPATH='' cd -- "$(dirname -- "$0")/../.."
root=$(pwd -P)

required=$(sed -n 's/.*"packageManager": *"bun@\([0-9.]*\)".*/\1/p' package.json)
[ -n "$required" ] || fail "package.json does not say which Bun it needs: give it \"packageManager\": \"bun@x.y.z\""
own=.bun/$required

# True when $1 is a Bun that runs on this machine and is not older than required.
serves() {
  found=$("$1" --version 2>/dev/null) || return 1
  case $found in [0-9]*.[0-9]*.[0-9]*) ;; *) return 1 ;; esac
  printf '%s %s\n' "${found%%-*}" "$required" | awk '{
    split($1, have, "."); split($2, need, ".")
    for (i = 1; i <= 3; i++) if (have[i] + 0 != need[i] + 0) exit !(have[i] + 0 > need[i] + 0)
  }'
}

# Made beside its place and moved there when whole: a run that was interrupted, or two at once, leave nothing half done.
fetch_bun() {
  command -v npm >/dev/null 2>&1 ||
    fail "neither Bun $required nor npm to fetch it is on the PATH: install Bun (https://bun.com) or Node.js 20 with npm"
  made=$own.$$
  mkdir -p "$made/bin" 2>/dev/null || fail "cannot write into $root: run it as the owner of this folder"
  trap 'rm -rf "$made"' EXIT
  trap 'exit 1' HUP INT TERM
  echo "with-bun: fetching Bun $required into .bun/ (once)" >&2
  if ! said=$(npm install --prefix "$made" --no-save --no-audit --no-fund --loglevel=error "bun@$required" 2>&1); then
    echo "$said" >&2
    fail "npm could not fetch bun@$required: see its words above, check the network, or install Bun $required (https://bun.com)"
  fi
  # The package `bun` holds a placeholder that its install script replaces; npm may be told not to run such scripts, but the
  # program itself comes with the package of the platform.
  for program in node_modules/bun/bin/bun.exe $(cd "$made" && echo node_modules/@oven/bun-*/bin/bun); do
    if serves "$made/$program"; then
      ln -s "../$program" "$made/bin/bun"
      rm -rf "$own"
      mv "$made" "$own"
      return
    fi
  done
  fail "the Bun $required that npm brought does not run on $(uname -sm): install one that does (https://bun.com)"
}

# A service account may have no home of its own to keep downloads in.
if [ ! -w "${HOME:-/}" ]; then
  npm_config_cache=$root/.bun/npm-cache
  BUN_INSTALL_CACHE_DIR=$root/.bun/bun-cache
  export npm_config_cache BUN_INSTALL_CACHE_DIR
fi

if ! { bun=$(command -v bun) && serves bun; }; then
  bun=$root/$own/bin/bun
  serves "$bun" || fetch_bun
  PATH=$root/$own/bin:$PATH
  export PATH
fi

# By content, not by time: git gives a file the time of the checkout.
wanted=$(cat package.json bun.lock | cksum)
if [ "$(cat node_modules/.installed 2>/dev/null)" != "$wanted" ]; then
  [ -d node_modules ] || echo "with-bun: installing the packages of bun.lock (once)" >&2
  if ! said=$("$bun" install --frozen-lockfile 2>&1); then
    echo "$said" >&2
    fail "the packages of bun.lock could not be installed: see the words above, check the network and who owns node_modules/"
  fi
  echo "$wanted" >node_modules/.installed
fi

exec "$bun" "$@"
