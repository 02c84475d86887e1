#!/bin/sh
# The edge droplet: nginx, the only one that strangers reach. Run as root, as often as you like; for instance after a vertical
# was added to VERTICAL_ADDRESSES:
#
#   sh infra/droplet/edge.sh droplet.env
set -eu
# shellcheck source=infra/droplet/steps.sh
. "$(dirname "$0")/steps.sh"

begin "$@"
need BASE_DOMAIN
need_addresses VERTICAL_ADDRESSES ENGINES_ADDRESSES

every_droplet "    tcp dport { 80, 443 } accept"
packages nginx

servers() {
  for address in $1; do echo "        server $address:$2 max_fails=3 fail_timeout=2s;"; done
}
with_domain=$(sh "$INFRA/nginx/render.sh" "$BASE_DOMAIN" < "$INFRA/nginx/nginx.conf") || fail "BASE_DOMAIN is no domain"
VERTICALS=$(servers "$VERTICAL_ADDRESSES" 8000)
ENGINES=$(servers "$ENGINES_ADDRESSES" 8002)
export VERTICALS ENGINES
put 0644 root /etc/nginx/nginx.conf <<END
$(printf '%s\n' "$with_domain" | awk '
  /^ *# server 10\./ { next }
  /^ *server vertical:8000 / { print ENVIRON["VERTICALS"]; next }
  /^ *server engines:8002 / { print ENVIRON["ENGINES"]; next }
  { print }')
END

folder 0755 root /etc/nginx/tls
if [ "${TLS:-no}" = yes ]; then
  certificate=/etc/letsencrypt/live/basecommerce/fullchain.pem
  [ -n "$dry" ] || [ -r "$certificate" ] || fail "TLS is yes, but $certificate is not there: tls.conf says how to get it"
  copy 0644 root "$INFRA/nginx/tls.conf" /etc/nginx/tls/tls.conf
fi
if [ -z "$dry" ]; then nginx -t -q || fail "nginx refuses its configuration; the one that runs is still the old one"; fi

# Reloaded, not restarted: no request is lost.
how=reload
systemctl is-active --quiet nginx 2>/dev/null || how=restart
once "take over the settings of nginx" "$(cat /etc/nginx/nginx.conf /etc/nginx/tls/*.conf 2>/dev/null)" systemctl "$how" nginx
enabled nginx
end
