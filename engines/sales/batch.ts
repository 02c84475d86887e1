import type { EventOf } from "@basecommerce/engine";

export const eventTypes = ["sale_recorded", "product_created", "product_updated", "product_price_updated"] as const;

export type SalesEvent = EventOf<"construction", (typeof eventTypes)[number]>;

/** What a batch says about one product, the latest word on each column; null = nothing. */
interface ProductChange {
  tenant_id: string;
  product_id: string;
  name: string | null;
  category: string | null;
  active: boolean | null;
  facts_seq: number | null;
  price: string | null;
  price_seq: number | null;
}

/** What a batch says, in rows. */
export interface Batch {
  products: ProductChange[];
  baskets: { tenant_id: string; order_id: string; customer_id: string; delivered_at: string; products: string[] }[];
  clocks: { tenant_id: string; latest_event_at: string }[];
}

/** Folds events, given in order, into one change for each product and one row for each basket. */
export function folded(events: readonly SalesEvent[]): Batch {
  const products = new Map<string, ProductChange>();
  const clocks = new Map<string, string>();
  const baskets: Batch["baskets"] = [];
  for (const { tenant_id, seq, occurred_at, ...event } of events) {
    if (occurred_at > (clocks.get(tenant_id) ?? "")) clocks.set(tenant_id, occurred_at);
    if (event.event_type === "sale_recorded") {
      const { order_id, customer_id, delivered_at, items } = event.payload;
      const held = [...new Set(items.map(({ product_id }) => product_id))];
      baskets.push({ tenant_id, order_id, customer_id, delivered_at, products: held });
      continue;
    }
    const { product_id } = event.payload;
    const key = `${tenant_id} ${product_id}`;
    const change = products.get(key) ?? nothingOf(tenant_id, product_id);
    products.set(key, change);
    if (event.event_type === "product_price_updated") {
      change.price = event.payload.new_price;
      change.price_seq = seq;
      continue;
    }
    change.name = event.payload.name;
    change.category = event.payload.category;
    change.active = event.event_type === "product_created" || event.payload.active;
    change.facts_seq = seq;
    if (event.event_type === "product_created") {
      change.price = event.payload.base_price;
      change.price_seq = seq;
    }
  }
  return {
    products: [...products.values()],
    baskets,
    clocks: [...clocks].map(([tenant_id, latest_event_at]) => ({ tenant_id, latest_event_at })),
  };
}

function nothingOf(tenant_id: string, product_id: string): ProductChange {
  const nothing = { name: null, category: null, active: null, facts_seq: null, price: null, price_seq: null };
  return { tenant_id, product_id, ...nothing };
}
