#!/bin/sh
# Puts the operator's domain into nginx.conf: render.sh DOMAIN < nginx.conf > /etc/nginx/nginx.conf
#
# The domain stands there inside a pattern; a dot left as it is would let a foreign domain through that differs only there.
set -eu

domain=${1:?usage: render.sh DOMAIN < nginx.conf}

case $domain in
  '' | *[!a-z0-9.-]* | .* | *. | -* | *..*)
    echo "render.sh: not a domain in lower case: $domain" >&2
    exit 64
    ;;
esac

pattern=$(printf '%s' "$domain" | sed 's/\./\\\\./g')
exec sed "s/basecommerce\\\\\\.example/$pattern/"
