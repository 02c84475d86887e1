import type { BatchContext, EventOf } from "@basecommerce/engine";

type StockEvent = EventOf<
  "construction",
  "product_created" | "product_updated" | "product_price_updated" | "stock_updated" | "sale_recorded"
>;

/** What a batch says about one product, the latest word on each column; null = nothing. */
interface ProductChange {
  tenant_id: string;
  product_id: string;
  name: string | null;
  unit: string | null;
  active: boolean | null;
  level: string | null;
  first_event_at: string;
}

interface SoldItem {
  tenant_id: string;
  product_id: string;
  delivered_at: string;
  quantity: string;
  value: string;
}

const UPSERT_PRODUCTS = `
  insert into products as p (tenant_id, product_id, name, unit, active, level, first_event_at)
  select tenant_id, product_id, name, unit, coalesce(active, true), coalesce(level, 0), first_event_at
  from json_to_recordset($1::text::json) as (tenant_id uuid, product_id uuid, name text, unit text, active boolean,
                                             level numeric, first_event_at timestamptz)
  on conflict (tenant_id, product_id) do update set
    name = coalesce(excluded.name, p.name),
    unit = coalesce(excluded.unit, p.unit),
    first_event_at = least(p.first_event_at, excluded.first_event_at)`;

// "insert … on conflict" cannot tell a default from a given value, so what may be absent is set by itself.
const UPDATE_PRODUCTS = `
  update products p set active = coalesce(c.active, p.active), level = coalesce(c.level, p.level)
  from json_to_recordset($1::text::json) as c (tenant_id uuid, product_id uuid, active boolean, level numeric)
  where p.tenant_id = c.tenant_id and p.product_id = c.product_id
    and (c.active is not null or c.level is not null)`;

const ADD_SALES = `
  insert into sales_by_hour as s (tenant_id, product_id, hour, quantity, value)
  select tenant_id, product_id, date_trunc('hour', delivered_at, 'UTC'), sum(quantity), sum(value)
  from json_to_recordset($1::text::json) as (tenant_id uuid, product_id uuid, delivered_at timestamptz,
                                             quantity numeric, value numeric)
  group by 1, 2, 3
  on conflict (tenant_id, product_id, hour) do update set
    quantity = s.quantity + excluded.quantity, value = s.value + excluded.value`;

/** Folds a batch into one change for each product and writes it in three statements, however it is mixed. */
export async function apply(events: readonly StockEvent[], { db }: Pick<BatchContext<unknown>, "db">): Promise<void> {
  const changes = new Map<string, ProductChange>();
  const sold: SoldItem[] = [];
  const changeOf = (event: StockEvent, product_id: string): ProductChange => {
    const key = `${event.tenant_id} ${product_id}`;
    let change = changes.get(key);
    if (!change) {
      const { tenant_id, occurred_at } = event;
      change = {
        tenant_id,
        product_id,
        name: null,
        unit: null,
        active: null,
        level: null,
        first_event_at: occurred_at,
      };
      changes.set(key, change);
    }
    if (event.occurred_at < change.first_event_at) change.first_event_at = event.occurred_at;
    return change;
  };
  for (const event of events) {
    switch (event.event_type) {
      case "product_created":
      case "product_updated": {
        const change = changeOf(event, event.payload.product_id);
        change.name = event.payload.name;
        change.unit = event.payload.unit;
        change.active = event.event_type === "product_created" || event.payload.active;
        break;
      }
      case "product_price_updated":
        changeOf(event, event.payload.product_id);
        break;
      case "stock_updated":
        changeOf(event, event.payload.product_id).level = event.payload.new_quantity;
        break;
      case "sale_recorded":
        for (const { product_id, quantity, total_value } of event.payload.items) {
          changeOf(event, product_id);
          const { tenant_id } = event;
          sold.push({ tenant_id, product_id, delivered_at: event.payload.delivered_at, quantity, value: total_value });
        }
        break;
    }
  }
  // One order of locks for every batch and host: no deadlocks.
  const products = JSON.stringify([...changes.keys()].sort().map((key) => changes.get(key)));
  await db.query(UPSERT_PRODUCTS, [products]);
  await db.query(UPDATE_PRODUCTS, [products]);
  if (sold.length > 0) await db.query(ADD_SALES, [JSON.stringify(sold)]);
}
