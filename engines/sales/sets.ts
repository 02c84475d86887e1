import type { EngineDb, EngineTenant } from "@basecommerce/engine";
import type { SalesConfig } from "./config.ts";
import { recent } from "./evidence.ts";

/** Two or three products that were bought together. */
export type ProductSet = {
  /** Whose baskets they are; null for the shop's. */
  customer_id: string | null;
  product_ids: string[];
  names: (string | null)[];
  /** Baskets that hold all of them, of `of` baskets. */
  baskets: number;
  of: number;
  /** baskets ÷ of in percent, with 2 places. */
  share: string;
  /** The ids in one text, for cursors. */
  key: string;
};

export interface SetFilter {
  /** Sets of every customer by itself instead of the shop's. */
  by_customer: boolean;
  customer_id?: string;
  /** Baskets that must hold a set. */
  least: number;
  limit: number;
  after?: { baskets: number; key: string };
}

/** Stands for the whole shop where sets are told apart by whose they are. */
const EVERYBODY = "'00000000-0000-0000-0000-000000000000'::uuid";

/** Products that are in most baskets; the pairs among them tell how frequent a set must be to get onto a page. */
const FIRST = 32;

// A set is not more frequent than any of its parts: products that are too rare are left out before pairs are made, and
// pairs before threes are. What is too rare for this page is, too: $8 pairs of the most frequent products are no better
// than the $8 best sets there are, so nothing below the last of them is shown (`bar`). Only what is still sold is offered
// together. Orders and products go by numbers from there on, a product of a customer's by one of its own, which takes a
// fraction of the time that their ids would.
const sets = (whose: string) => `
  with ${recent}, wanted as materialized (
    select order_id, ${whose} as whose, row_number() over ()::int as o
    from recent where $4::uuid is null or customer_id = $4
  ), totals as (
    select whose, count(*) as of from wanted group by 1
  ), items as materialized (
    select w.whose, w.o, b.product_id
    from wanted w join basket_products b on b.tenant_id = $1 and b.order_id = w.order_id
  ), counted as (
    select whose, product_id, count(*) as baskets from items group by 1, 2 having count(*) >= $5::int
  ), numbered as materialized (
    select whose, counted.product_id, p.name, baskets, row_number() over (order by counted.product_id)::int as n,
           row_number() over (order by baskets desc) as place
    from counted left join products p on p.tenant_id = $1 and p.product_id = counted.product_id
    where coalesce(p.active, true)
  ), first as materialized (
    select o, n from items join numbered using (whose, product_id) where place <= ${FIRST}
  ), bar as materialized (
    select greatest($5::int, (
      select count(*) as baskets from first x join first y on y.o = x.o and y.n > x.n group by x.n, y.n
      having $6::int is null or count(*) < $6 order by 1 desc offset $8::int - 1 limit 1)) as least
  ), frequent as materialized (
    select whose, product_id, name, n from numbered where baskets >= (select least from bar)
  ), held as materialized (
    select o, n from items join frequent using (whose, product_id)
  ), pairs as materialized (
    select x.o, x.n as a, y.n as b from held x join held y on y.o = x.o and y.n > x.n
  ), frequent_pairs as materialized (
    select a, b, count(*) as baskets from pairs group by 1, 2 having count(*) >= (select least from bar)
  ), held_pairs as materialized (
    select o, a, b from pairs join frequent_pairs using (a, b)
  ), found as (
    select a, b, null::int as c, baskets from frequent_pairs
    union all
    select p.a, p.b, q.b, count(*)
    from held_pairs p join held_pairs q on q.o = p.o and q.a = p.a and q.b > p.b
    group by 1, 2, 3 having count(*) >= (select least from bar)
  ), keyed as (
    select a.whose, f.baskets, array_remove(array[a.product_id, b.product_id, c.product_id], null) as ids,
           case when f.c is null then array[a.name, b.name] else array[a.name, b.name, c.name] end as names
    from found f join frequent a on a.n = f.a join frequent b on b.n = f.b left join frequent c on c.n = f.c
  ), shown as (
    select nullif(k.whose, ${EVERYBODY}) as customer_id, k.ids, k.names, k.baskets, t.of,
           coalesce(nullif(k.whose, ${EVERYBODY})::text || ' ', '') || array_to_string(k.ids, ' ') as key
    from keyed k join totals t using (whose)
  )
  select k.customer_id, to_json(k.ids) as product_ids, k.key, k.baskets::int as baskets, k.of::int as of,
         round(k.baskets * 100.0 / k.of, 2) as share, to_json(k.names) as names
  from shown k
  where $6::int is null or k.baskets < $6 or (k.baskets = $6 and k.key collate "C" > $7::text collate "C")
  order by k.baskets desc, k.key collate "C"
  limit $8::int`;

const SHOP = sets(EVERYBODY);
const CUSTOMERS = sets("customer_id");

/** Sets of 2 and 3 products, those in most baskets first. */
export async function setsOf(
  db: EngineDb,
  tenant: EngineTenant,
  config: SalesConfig,
  { by_customer, customer_id, least, limit, after }: SetFilter,
): Promise<ProductSet[]> {
  // How many baskets are left after each step cannot be estimated; where the planner expects a handful it would compare
  // every basket with every other; and sort on disk what fits into memory. For this transaction only.
  await db.query("select set_config('enable_nestloop', 'off', true), set_config('work_mem', '32MB', true)");
  return await db.query<ProductSet>(by_customer ? CUSTOMERS : SHOP, [
    tenant.tenant_id,
    tenant.time_zone,
    config.window_days,
    customer_id ?? null,
    least,
    after?.baskets ?? null,
    after?.key ?? null,
    limit,
  ]);
}
