import type { BatchContext } from "@basecommerce/engine";
import { folded, type SalesEvent } from "./batch.ts";
import { MAX_WINDOW_DAYS } from "./config.ts";

const newer = "excluded.facts_seq > coalesce(p.facts_seq, 0)";

const UPSERT_PRODUCTS = `
  insert into products as p (tenant_id, product_id, name, category, active, facts_seq, price, price_seq)
  select tenant_id, product_id, name, category, active, facts_seq, price, price_seq
  from json_to_recordset($1::text::json) as (tenant_id uuid, product_id uuid, name text, category text, active boolean,
                                             facts_seq bigint, price numeric, price_seq bigint)
  order by tenant_id, product_id
  on conflict (tenant_id, product_id) do update set
    name = case when ${newer} then excluded.name else p.name end,
    category = case when ${newer} then excluded.category else p.category end,
    active = case when ${newer} then excluded.active else p.active end,
    facts_seq = greatest(p.facts_seq, excluded.facts_seq),
    price = case when excluded.price_seq > coalesce(p.price_seq, 0) then excluded.price else p.price end,
    price_seq = greatest(p.price_seq, excluded.price_seq)`;

// From the beginning of the shop's week, so that old rows are looked for seldom; two days more, for zones behind UTC.
const since = `(date_trunc('week', c.latest_event_at, 'UTC') - interval '${MAX_WINDOW_DAYS + 2} days')`;

const ADD_BASKETS = `
  with given as (
    select * from json_to_recordset($1::text::json) as (tenant_id uuid, order_id uuid, customer_id uuid,
                                                        delivered_at timestamptz, products json)
  ), made as (
    insert into baskets (tenant_id, order_id, customer_id, delivered_at)
    select g.tenant_id, g.order_id, g.customer_id, g.delivered_at
    from given g join clocks c using (tenant_id) where g.delivered_at >= ${since}
    returning tenant_id, order_id
  )
  insert into basket_products (tenant_id, order_id, product_id)
  select g.tenant_id, g.order_id, p.value::uuid
  from made join given g using (tenant_id, order_id) cross join lateral json_array_elements_text(g.products) p`;

const ADVANCE_CLOCKS = `
  with seen as (
    select * from json_to_recordset($1::text::json) as (tenant_id uuid, latest_event_at timestamptz)
  ), before as (
    select c.* from clocks c join seen using (tenant_id)
  ), after as (
    insert into clocks as c (tenant_id, latest_event_at) select tenant_id, latest_event_at from seen order by tenant_id
    on conflict (tenant_id) do update set latest_event_at = greatest(c.latest_event_at, excluded.latest_event_at)
    returning c.*
  )
  select tenant_id
  from after left join before using (tenant_id)
  where date_trunc('week', after.latest_event_at, 'UTC') > date_trunc('week', before.latest_event_at, 'UTC')`;

// Shop by shop and basket by basket (offset 0 keeps it so): of an inequality between two tables the planner would think
// that it holds for a third of all shops' rows, and read them all.
const FORGET = `
  with aged as (
    delete from baskets where ctid = any(array(
      select old.ctid from clocks c cross join lateral (
        select ctid from baskets b where b.tenant_id = c.tenant_id and b.delivered_at < ${since} offset 0) old
      where c.tenant_id in (select value::uuid from json_array_elements_text($1::text::json))))
    returning tenant_id, order_id
  )
  delete from basket_products where ctid = any(array(
    select old.ctid from aged cross join lateral (
      select ctid from basket_products p where p.tenant_id = aged.tenant_id and p.order_id = aged.order_id offset 0) old))`;

/** Writes a batch in three statements, however it is mixed; once a week also forgets what no window can hold any more. */
export async function apply(events: readonly SalesEvent[], { db }: Pick<BatchContext<unknown>, "db">): Promise<void> {
  const { products, baskets, clocks } = folded(events);
  const write = async (sql: string, rows: readonly object[]) => {
    if (rows.length > 0) await db.query(sql, [JSON.stringify(rows)]);
  };
  // One round trip; the server runs them in this order.
  const [aged] = await Promise.all([
    db.query<{ tenant_id: string }>(ADVANCE_CLOCKS, [JSON.stringify(clocks)]),
    write(UPSERT_PRODUCTS, products),
    write(ADD_BASKETS, baskets),
  ]);
  if (aged.length > 0) await db.query(FORGET, [JSON.stringify(aged.map(({ tenant_id }) => tenant_id))]);
}
