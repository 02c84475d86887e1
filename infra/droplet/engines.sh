#!/bin/sh
# An engines droplet: the engine host, and a relay. The relay stands here and not beside the database, so that a second engines
# droplet brings the standby relay with it: one publishes, the others wait for its lease. Run as root, as often as you like:
#
#   sh infra/droplet/engines.sh droplet.env
#
# Drop-in engines go to /opt/basecommerce/plugins, a folder each.
set -eu
# shellcheck source=infra/droplet/steps.sh
. "$(dirname "$0")/steps.sh"

begin "$@"
need BASE_DOMAIN
need_addresses EDGE_ADDRESSES DATABASE_ADDRESS
need_secret RELAY_PASSWORD ENGINES_PASSWORD REDIS_PASSWORD SECRET_KEY OPERATOR_TOKEN

every_droplet "$(
  allow "$EDGE_ADDRESSES ${MONITOR_ADDRESSES:-}" 8002
  allow "${MONITOR_ADDRESSES:-}" 8001
)"
program
role relay <<END
DATABASE_URL=postgres://basecommerce_relay:$RELAY_PASSWORD@$DATABASE_ADDRESS:5432/basecommerce
REDIS_URL=redis://:$REDIS_PASSWORD@$DATABASE_ADDRESS:6379
END
role engines <<END
DATABASE_URL=postgres://basecommerce_engines:$ENGINES_PASSWORD@$DATABASE_ADDRESS:5432/basecommerce
REDIS_URL=redis://:$REDIS_PASSWORD@$DATABASE_ADDRESS:6379
SECRET_KEY=$SECRET_KEY
OPERATOR_TOKEN=$OPERATOR_TOKEN
BASE_DOMAIN=$BASE_DOMAIN
TRUSTED_PROXIES=$(list "$EDGE_ADDRESSES" | tr -d ' ')
END
end
