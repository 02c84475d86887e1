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

// A set is not more frequent than any of its parts: products that are too rare are left out before pairs are made, and
// pairs before threes are. Only what is still sold is offered together.
const sets = (whose: string) => `
  with ${recent}, wanted as (
    select order_id, ${whose} as whose from recent where $4::uuid is null or customer_id = $4
  ), totals as (
    select whose, count(*) as of from wanted group by 1
  ), items as materialized (
    select w.whose, w.order_id, b.product_id, count(*) over (partition by w.whose, b.product_id) as baskets
    from wanted w join basket_products b on b.tenant_id = $1 and b.order_id = w.order_id
    left join products p on p.tenant_id = $1 and p.product_id = b.product_id
    where coalesce(p.active, true)
  ), frequent as materialized (
    select whose, order_id, product_id from items where baskets >= $5::int
  ), pairs as materialized (
    select a.whose, a.order_id, a.product_id as a, b.product_id as b,
           count(*) over (partition by a.whose, a.product_id, b.product_id) as baskets
    from frequent a join frequent b on b.order_id = a.order_id and b.product_id > a.product_id
  ), frequent_pairs as materialized (
    select * from pairs where baskets >= $5::int
  ), found as (
    select whose, array[a, b] as ids, count(*) as baskets from frequent_pairs group by whose, a, b
    union all
    select p.whose, array[p.a, p.b, q.b], count(*)
    from frequent_pairs p join frequent_pairs q on q.order_id = p.order_id and q.a = p.a and q.b > p.b
    group by p.whose, p.a, p.b, q.b having count(*) >= $5::int
  ), keyed as (
    select *, coalesce(whose::text || ' ', '') || array_to_string(ids, ' ') as key from found
  )
  select k.whose as customer_id, to_json(k.ids) as product_ids, k.key, k.baskets::int as baskets, t.of::int as of,
         round(k.baskets * 100.0 / t.of, 2) as share,
         (select json_agg(p.name order by i.place) from unnest(k.ids) with ordinality i (id, place)
          left join products p on p.tenant_id = $1 and p.product_id = i.id) as names
  from keyed k join totals t on t.whose is not distinct from k.whose
  where $6::int is null or k.baskets < $6 or (k.baskets = $6 and k.key collate "C" > $7::text collate "C")
  order by k.baskets desc, k.key collate "C"
  limit $8::int`;

const SHOP = sets("null::uuid");
const CUSTOMERS = sets("customer_id");

/** Sets of 2 and 3 products, those in most baskets first. */
export async function setsOf(
  db: EngineDb,
  tenant: EngineTenant,
  config: SalesConfig,
  { by_customer, customer_id, least, limit, after }: SetFilter,
): Promise<ProductSet[]> {
  // How many baskets are left after each step cannot be estimated; where the planner expects a handful it would compare
  // every basket with every other. For this transaction only.
  await db.query("select set_config('enable_nestloop', 'off', true)");
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
