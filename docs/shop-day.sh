#!/usr/bin/env bash
# A shop's day by curl: from the login to the dashboard in the evening. Each line shown is one request.
#
#   BASE_URL=http://localhost:8000 SLUG=demo EMAIL=ana@demo.example PASSWORD=… bash docs/shop-day.sh
#
# BASE_URL is the platform's address, SLUG names the shop. EMAIL and PASSWORD are those of an admin of it: in most shops
# only an admin may approve a quote. Needs bash and curl. It may be run again: it makes new things each time.
set -euo pipefail

: "${BASE_URL:?address of the platform, such as http://localhost:8000}"
: "${SLUG:?the shop}" "${EMAIL:?of an admin of the shop}" "${PASSWORD:?of that admin}"
token=""
answer=""

# call METHOD PATH [BODY] → $answer; says what it did, ends the script when it is refused.
call() {
  local method=$1 path=$2 body=${3-} status
  local options=(--silent --show-error --max-time 20 --request "$method" --header "X-Tenant-Slug: $SLUG")
  if [[ -n $token ]]; then options+=(--header "Authorization: Bearer $token"); fi
  if [[ -n $body ]]; then options+=(--header "Content-Type: application/json" --data-binary "$body"); fi
  # The key makes it safe to send a POST again when no answer came: the work is done once.
  if [[ $method == POST && $path == /api/* ]]; then
    options+=(--header "Idempotency-Key: day-$$-$RANDOM$RANDOM$RANDOM")
  fi
  answer=$(curl "${options[@]}" --write-out '\n%{http_code}' "$BASE_URL$path")
  status=${answer##*$'\n'}
  answer=${answer%$'\n'*}
  printf '%s %-7s %s\n' "$status" "$method" "$path"
  if [[ $status != 2* ]]; then
    printf '%s\n' "$answer" >&2
    exit 1
  fi
}

# field NAME → the first value of that name in $answer
field() {
  grep -o "\"$1\":\"[^\"]*\"" <<<"$answer" | head -n 1 | cut -d '"' -f 4
}

echo "# In the morning somebody signs in."
call POST /auth/login "{\"email\": \"$EMAIL\", \"password\": \"$PASSWORD\"}"
token=$(field access_token)
call GET /auth/me

echo "# New goods: a product, who sells it to us, and what came by lorry."
call POST /api/v1/products '{"name": "Cimento CP II 50 kg", "category": "Cimento", "unit": "SC", "base_price": "38.90"}'
cement=$(field id)
call POST /api/v1/products '{"name": "Areia média", "category": "Agregados", "unit": "M3", "base_price": 129.5}'
sand=$(field id)
call POST /api/v1/suppliers '{"name": "Cimentos do Vale"}'
supplier=$(field id)
call POST "/api/v1/suppliers/$supplier/prices" \
  "{\"product_id\": \"$cement\", \"price\": \"29.90\", \"min_quantity\": 100, \"payment_days\": 28}"
call POST /api/v1/stock/movements \
  "{\"product_id\": \"$cement\", \"movement_type\": \"in\", \"quantity\": 200, \"reason\": \"NF 4711\"}"

echo "# A customer asks for a quote to his job site."
call POST /api/v1/customers '{"kind": "individual", "name": "José Álvares", "phone": "+55 19 99999-1234",
  "address": {"street": "Rua das Acácias", "number": "120", "city": "Campinas", "state": "SP", "postal_code": "13010-111"}}'
customer=$(field id)
call POST /api/v1/job-sites "{\"customer_id\": \"$customer\", \"name\": \"Sobrado do José\",
  \"address\": {\"street\": \"Avenida Brasil\", \"number\": \"2000\", \"city\": \"Campinas\", \"state\": \"SP\"}}"
site=$(field id)
call POST /api/v1/quotes "{\"customer_id\": \"$customer\", \"job_site_id\": \"$site\", \"discount_percent\": 5,
  \"items\": [{\"product_id\": \"$cement\", \"quantity\": 10}, {\"product_id\": \"$sand\", \"quantity\": \"1.5\"}]}"
quote=$(field id)
echo "  $(field number): R\$ $(field total_value)"
call POST "/api/v1/quotes/$quote/send"

echo "# He agrees; the quote becomes an order in one step."
call POST "/api/v1/quotes/$quote/approve"
call POST "/api/v1/quotes/$quote/convert"
order=$(field id)
echo "  $(field number): R\$ $(field total_value)"

echo "# The order is prepared, leaves, and arrives: now it is out of stock and sold."
for status in preparing out_for_delivery delivered; do
  call POST "/api/v1/orders/$order/status" "{\"status\": \"$status\"}"
done
call GET "/api/v1/stock?product_id=$cement"
echo "  $(field quantity) in stock"

echo "# He wants the same again at today's prices."
call POST "/api/v1/orders/$order/reorder"
echo "  $(field number): $(field status)"

echo "# In the evening: how did it go?"
call GET "/api/v1/orders?q=alvares&status=delivered"
call GET /api/v1/dashboard
echo "  R\$ $(field revenue_this_week) this week"
call POST /auth/logout
