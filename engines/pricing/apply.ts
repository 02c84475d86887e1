import type { BatchContext, EventOf } from "@basecommerce/engine";

export const eventTypes = [
  "supplier_price_registered",
  "supplier_updated",
  "product_created",
  "product_updated",
  "product_price_updated",
] as const;

export type PricingEvent = EventOf<"construction", (typeof eventTypes)[number]>;

interface ProductFacts {
  tenant_id: string;
  product_id: string;
  name: string | null;
  active: boolean | null;
  facts_seq: number | null;
}

interface SupplierFacts {
  tenant_id: string;
  supplier_id: string;
  name: string;
  name_seq: number;
  active: boolean | null;
  active_seq: number | null;
}

const UPSERT_PRODUCTS = `
  insert into products as p (tenant_id, product_id, name, active, facts_seq)
  select tenant_id, product_id, name, active, facts_seq
  from json_to_recordset($1::text::json) as (tenant_id uuid, product_id uuid, name text, active boolean,
                                             facts_seq bigint)
  order by tenant_id, product_id
  on conflict (tenant_id, product_id) do update set
    name = excluded.name, active = excluded.active, facts_seq = excluded.facts_seq
  where excluded.facts_seq > coalesce(p.facts_seq, 0)`;

const UPSERT_SUPPLIERS = `
  insert into suppliers as s (tenant_id, supplier_id, name, name_seq, active, active_seq)
  select tenant_id, supplier_id, name, name_seq, active, active_seq
  from json_to_recordset($1::text::json) as (tenant_id uuid, supplier_id uuid, name text, name_seq bigint,
                                             active boolean, active_seq bigint)
  order by tenant_id, supplier_id
  on conflict (tenant_id, supplier_id) do update set
    name = case when excluded.name_seq > s.name_seq then excluded.name else s.name end,
    name_seq = greatest(s.name_seq, excluded.name_seq),
    active = case when excluded.active_seq > coalesce(s.active_seq, 0) then excluded.active else s.active end,
    active_seq = greatest(s.active_seq, excluded.active_seq)
  where excluded.name_seq > s.name_seq or excluded.active_seq > coalesce(s.active_seq, 0)`;

const ADD_PRICES = `
  insert into prices (tenant_id, product_id, supplier_id, min_quantity, seq, event_id, price, payment_days,
                      registered_at)
  select tenant_id, product_id, supplier_id, coalesce(min_quantity, 0), seq, event_id, price, payment_days,
         registered_at
  from json_to_recordset($1::text::json) as (tenant_id uuid, product_id uuid, supplier_id uuid, min_quantity numeric,
         seq bigint, event_id uuid, price numeric, payment_days integer, registered_at timestamptz)`;

/** Writes a batch in three statements, however it is mixed. Everything people ask for is computed when they ask. */
export async function apply(events: readonly PricingEvent[], { db }: Pick<BatchContext<unknown>, "db">): Promise<void> {
  const products = new Map<string, ProductFacts>();
  const suppliers = new Map<string, SupplierFacts>();
  const prices: object[] = [];
  for (const { tenant_id, seq, event_id, occurred_at, ...event } of events) {
    if (event.event_type === "supplier_updated") {
      const { supplier_id, name, active } = event.payload;
      Object.assign(named(suppliers, tenant_id, supplier_id, name, seq), { active, active_seq: seq });
      continue;
    }
    const { product_id } = event.payload;
    const product = products.get(`${tenant_id} ${product_id}`) ?? nothingOf(tenant_id, product_id);
    products.set(`${tenant_id} ${product_id}`, product);
    if (event.event_type === "product_created" || event.event_type === "product_updated") {
      product.name = event.payload.name;
      product.active = event.event_type === "product_created" || event.payload.active;
      product.facts_seq = seq;
    } else if (event.event_type === "supplier_price_registered") {
      const { supplier_id, supplier_name: name, price, min_quantity, payment_days } = event.payload;
      named(suppliers, tenant_id, supplier_id, name, seq);
      const registered_at = occurred_at;
      prices.push({
        tenant_id,
        product_id,
        supplier_id,
        min_quantity,
        seq,
        event_id,
        price,
        payment_days,
        registered_at,
      });
    }
  }
  const write = async (sql: string, rows: readonly object[]) => {
    if (rows.length > 0) await db.query(sql, [JSON.stringify(rows)]);
  };
  await write(UPSERT_PRODUCTS, [...products.values()]);
  await write(UPSERT_SUPPLIERS, [...suppliers.values()]);
  await write(ADD_PRICES, prices);
}

function nothingOf(tenant_id: string, product_id: string): ProductFacts {
  return { tenant_id, product_id, name: null, active: null, facts_seq: null };
}

/** A supplier's facts with the newest name: its own events and prices of different products come in any order. */
function named(
  suppliers: Map<string, SupplierFacts>,
  tenant_id: string,
  supplier_id: string,
  name: string,
  name_seq: number,
): SupplierFacts {
  const key = `${tenant_id} ${supplier_id}`;
  const known = suppliers.get(key);
  if (known && known.name_seq > name_seq) return known;
  const facts = { active: null, active_seq: null, ...known, tenant_id, supplier_id, name, name_seq };
  suppliers.set(key, facts);
  return facts;
}
