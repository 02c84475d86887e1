import { instantText, moneyText } from "../amount-text.ts";
import type { BasketLine } from "../basket.ts";
import { type Batch, jsonCell } from "./batch.ts";
import { uuidAt } from "./ids.ts";
import type { LoadedCustomer, LoadedShop } from "./loaded-shop.ts";
import type { PricedLine } from "./priced-lines.ts";
import { takeDelivered } from "./stock.ts";

/** What is bought by whom, as a quote and its order share it. */
export interface Deal {
  customer: LoadedCustomer;
  basket: readonly BasketLine[];
  lines: readonly PricedLine[];
  /** Hundredths of a per cent. */
  discount: number;
  total_value: string;
  delivery_date: string;
}

type Status = "pending" | "preparing" | "out_for_delivery" | "delivered" | "cancelled";

/** An order's way: each status it came to and when. */
export type Course = readonly (readonly [status: Exclude<Status, "pending">, at: number])[];

/** Writes an order that came as far as `course` says, with all its events; returns its number's count. */
export function writeOrder(
  batch: Batch,
  shop: LoadedShop,
  order_id: string,
  deal: Deal,
  { quote_id, made, course }: { quote_id: string | null; made: number; course: Course },
): void {
  const { chance, tenant_id, seller: user_id } = shop;
  const { customer, lines, discount, total_value, delivery_date, basket } = deal;
  const { id: customer_id, name: customer_name, site_id: job_site_id, address: delivery_address } = customer;
  const count = ++shop.orders_made;
  const number = `O-${String(count).padStart(6, "0")}`;
  batch.number(shop, "order", count);
  const [status, changed] = course.at(-1) ?? ["pending", made];
  const at = instantText(made);
  const last = instantText(changed);
  batch.add("orders", {
    tenant_id,
    id: order_id,
    number,
    status,
    quote_id,
    customer_id,
    job_site_id,
    discount_percent: moneyText(discount),
    delivery_date,
    delivery_address: jsonCell(delivery_address),
    total_value,
    user_id,
    delivered_at: status === "delivered" ? last : null,
    cancelled_at: status === "cancelled" ? last : null,
    created_at: at,
    updated_at: last,
  });
  for (const [i, line] of lines.entries()) {
    batch.add("order_items", { tenant_id, order_id, position: i + 1, discount_percent: "0.00", ...line });
  }
  const created = {
    order_id,
    number,
    quote_id,
    customer_id,
    customer_name,
    job_site_id,
    delivery_date,
    delivery_address,
    total_value,
    items: [...lines],
  };
  batch.event(shop, uuidAt(chance, made), "order_created", created, made);
  let old_status: Status = "pending";
  for (const [new_status, moment] of course) {
    const changed_at = instantText(moment);
    const payload = { order_id, old_status, new_status, changed_at, user_id };
    batch.event(shop, uuidAt(chance, moment), "order_status_changed", payload, moment);
    old_status = new_status;
  }
  if (status !== "delivered") return;
  takeDelivered(batch, shop, order_id, basket, changed);
  const sale = { order_id, quote_id, customer_id, job_site_id, delivered_at: last, total_value, items: [...lines] };
  batch.event(shop, uuidAt(chance, changed), "sale_recorded", sale, changed);
}
