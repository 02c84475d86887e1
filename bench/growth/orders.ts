import type postgres from "postgres";

/** Orders of one customer, in shops of every size: a full page in both. */
const EACH = 50;
/** Customers of a shop at the least, most without an order: a full page of them, too. */
const CUSTOMERS = 60;

// Names as people search for them: one in ten is a Maria.
const CUSTOMER_ROWS = `
  insert into customers (tenant_id, id, kind, name, created_at, updated_at)
  select t.id::uuid, md5(t.id || n)::uuid, 'individual',
         case n % 10 when 0 then 'Maria ' else 'Cliente ' end || n, now(), now()
  from json_array_elements_text($1::text::json) t (id), generate_series(1, $2::int) n`;

const ORDER_ROWS = `
  insert into orders (tenant_id, id, number, status, customer_id, discount_percent, total_value, created_at, updated_at)
  select t.id::uuid, gen_random_uuid(), 'O-' || lpad(n::text, greatest(6, length(n::text)), '0'),
         (array['delivered', 'delivered', 'delivered', 'cancelled', 'pending'])[1 + n % 5],
         md5(t.id || (1 + n % $3::int))::uuid, 0, 389.00, at, at
  from json_array_elements_text($1::text::json) t (id), generate_series(1, $2::int) n,
       lateral (select now() - (n / $2::float8) * interval '365 days' as at) moment`;

/** Gives each of `shops` `count` orders over a year, and the customers they are of; an instant in the middle of that year. */
export async function fillOrders(sql: postgres.Sql, shops: readonly string[], count: number): Promise<string> {
  const customers = Math.ceil(count / EACH);
  await sql.unsafe(CUSTOMER_ROWS, [JSON.stringify(shops), Math.max(customers, CUSTOMERS)]);
  await sql.unsafe(ORDER_ROWS, [JSON.stringify(shops), count, customers]);
  await sql.unsafe("vacuum analyze orders");
  await sql.unsafe("vacuum analyze customers");
  await sql.unsafe("vacuum analyze search_words");
  return new Date(Date.now() - 182 * 86_400_000).toISOString();
}
