import type { EventEnvelope, EventOf } from "@basecommerce/engine";
import { TENANT } from "./engine-bench.ts";

type Any = EventOf<"construction">;
type Payload<T extends Any["event_type"]> = Extract<Any, { event_type: T }>["payload"];

/** A deterministic id: the same number gives the same UUID. */
export function id(kind: string, number: number): string {
  const hex = new Bun.CryptoHasher("sha256").update(`${kind} ${number}`).digest("hex");
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-7${hex.slice(13, 16)}-8${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
}

/** `days` before now at this time of day, as an instant of the wire. */
export function daysAgo(days: number, shift_ms = 0): string {
  return `${new Date(Date.now() - days * 86_400_000 + shift_ms).toISOString().slice(0, 23)}000Z`;
}

/** Writes a history down, event by event, as the vertical would have recorded it. */
export class History {
  readonly events: EventEnvelope[] = [];
  readonly tenant_id: string;

  constructor(tenant_id = TENANT) {
    this.tenant_id = tenant_id;
  }

  add<T extends Any["event_type"]>(event_type: T, key: string, payload: Payload<T>, occurred_at = daysAgo(0)): this {
    const seq = this.events.length + 1;
    this.events.push({
      event_id: id(`event of ${this.tenant_id}`, seq),
      event_type,
      version: 1,
      tenant_id: this.tenant_id,
      stream: "construction",
      partition: 0,
      hops: 0,
      key,
      seq,
      occurred_at,
      trace: null,
      causation_id: null,
      payload,
    });
    return this;
  }

  product(product_id: string, at = daysAgo(0), facts: Partial<Payload<"product_created">> = {}): this {
    const given = { code: null, name: `P ${product_id.slice(0, 4)}`, category: null, unit: "UN", base_price: "10.00" };
    return this.add("product_created", product_id, { product_id, ...given, ...facts } as never, at);
  }

  level(product_id: string, old_quantity: string, new_quantity: string, at = daysAgo(0)): this {
    const rest = { movement_type: "adjustment", reason: null, order_id: null, user_id: null } as const;
    return this.add("stock_updated", product_id, { product_id, old_quantity, new_quantity, ...rest }, at);
  }

  sale(
    order_id: string,
    items: { product_id: string; quantity: string; unit_price?: string; total_value?: string }[],
    at = daysAgo(0),
    customer_id = id("customer", 0),
  ): this {
    return this.add(
      "sale_recorded",
      order_id,
      {
        order_id,
        quote_id: null,
        customer_id,
        job_site_id: null,
        delivered_at: at,
        total_value: "0.00",
        items: items.map((item) => ({ unit_price: "10.00", total_value: "10.00", ...item })),
      },
      at,
    );
  }
}
