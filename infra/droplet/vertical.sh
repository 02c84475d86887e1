#!/bin/sh
# A vertical's droplet. There may be any number of them. Run as root, as often as you like; a new version of the program is
# taken over by it as well:
#
#   sh infra/droplet/vertical.sh droplet.env
set -eu
# shellcheck source=infra/droplet/steps.sh
. "$(dirname "$0")/steps.sh"

begin "$@"
need BASE_DOMAIN
need_addresses EDGE_ADDRESSES DATABASE_ADDRESS
need_secret VERTICAL_PASSWORD REDIS_PASSWORD SECRET_KEY

every_droplet "$(allow "$EDGE_ADDRESSES ${MONITOR_ADDRESSES:-}" 8000)"
program
role vertical <<END
DATABASE_URL=postgres://basecommerce_vertical:$VERTICAL_PASSWORD@$DATABASE_ADDRESS:5432/basecommerce
REDIS_URL=redis://:$REDIS_PASSWORD@$DATABASE_ADDRESS:6379
SECRET_KEY=$SECRET_KEY
BASE_DOMAIN=$BASE_DOMAIN
TRUSTED_PROXIES=$(list "$EDGE_ADDRESSES" | tr -d ' ')
END
end
