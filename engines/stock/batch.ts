import type { EventOf } from "@basecommerce/engine";

export const eventTypes = [
  "product_created",
  "product_updated",
  "product_price_updated",
  "stock_updated",
  "sale_recorded",
] as const;

export type StockEvent = EventOf<"construction", (typeof eventTypes)[number]>;

/** What a batch says about one product, the latest word on each column; null = nothing. */
export interface ProductChange {
  tenant_id: string;
  product_id: string;
  name: string | null;
  unit: string | null;
  active: boolean | null;
  facts_seq: number | null;
  level: string | null;
  level_seq: number | null;
  first_event_at: string;
}

/** What a batch says, in rows. */
export interface Batch {
  products: ProductChange[];
  sales: { tenant_id: string; product_id: string; delivered_at: string; quantity: string; value: string }[];
  levels: {
    tenant_id: string;
    product_id: string;
    seq: number;
    changed_at: string;
    old_level: string;
    level: string;
  }[];
  clocks: { tenant_id: string; latest_event_at: string }[];
}

/** Folds events, given in order, into one change for each product, in one order of products for every batch and host. */
export function folded(events: readonly StockEvent[]): Batch {
  const products = new Map<string, ProductChange>();
  const clocks = new Map<string, string>();
  const batch: Batch = { products: [], sales: [], levels: [], clocks: [] };
  for (const event of events) {
    const { tenant_id, occurred_at } = event;
    if (occurred_at > (clocks.get(tenant_id) ?? "")) clocks.set(tenant_id, occurred_at);
    if (event.event_type === "sale_recorded") {
      for (const { product_id, quantity, total_value } of event.payload.items) {
        changeOf(products, event, product_id);
        const { delivered_at } = event.payload;
        batch.sales.push({ tenant_id, product_id, delivered_at, quantity, value: total_value });
      }
      continue;
    }
    const { product_id } = event.payload;
    const change = changeOf(products, event, product_id);
    switch (event.event_type) {
      case "product_created":
      case "product_updated":
        change.name = event.payload.name;
        change.unit = event.payload.unit;
        change.active = event.event_type === "product_created" || event.payload.active;
        change.facts_seq = event.seq;
        break;
      case "stock_updated": {
        const { old_quantity: old_level, new_quantity: level } = event.payload;
        change.level = level;
        change.level_seq = event.seq;
        batch.levels.push({ tenant_id, product_id, seq: event.seq, changed_at: occurred_at, old_level, level });
      }
    }
  }
  // Rows are locked in this order: no deadlocks.
  batch.products = [...products.entries()].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, change]) => change);
  batch.clocks = [...clocks].map(([tenant_id, latest_event_at]) => ({ tenant_id, latest_event_at }));
  return batch;
}

function changeOf(products: Map<string, ProductChange>, event: StockEvent, product_id: string): ProductChange {
  const { tenant_id, occurred_at } = event;
  const key = `${tenant_id} ${product_id}`;
  let change = products.get(key);
  if (!change) {
    change = {
      tenant_id,
      product_id,
      name: null,
      unit: null,
      active: null,
      facts_seq: null,
      level: null,
      level_seq: null,
      first_event_at: occurred_at,
    };
    products.set(key, change);
  }
  if (occurred_at < change.first_event_at) change.first_event_at = occurred_at;
  return change;
}
