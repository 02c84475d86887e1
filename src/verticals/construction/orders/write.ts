import type { Address } from "../address.ts";
import { itemsOfEvent } from "../documents/items.ts";
import type { ShopWork } from "../work.ts";
import type { Order } from "./service.ts";

// One round trip. The number is taken in the statement that writes, behind everything that can be refused: from here to
// COMMIT the shop's other orders wait.
const INSERT = `
  with numbered as (
    insert into document_numbers as n (tenant_id, kind, last) values ($1, 'order', 1)
    on conflict (tenant_id, kind) do update set last = n.last + 1
    returning 'O-' || lpad(last::text, greatest(6, length(last::text)), '0') as number
  ), made as (
    insert into orders (tenant_id, id, number, status, quote_id, customer_id, job_site_id, discount_percent, delivery_date,
                        delivery_address, notes, total_value, user_id, created_at, updated_at)
    select $1, $2, number, 'pending', $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $12 from numbered
  ), lines as (
    insert into order_items (tenant_id, order_id, position, product_id, quantity, unit_price, discount_percent, notes,
                             total_value)
    select $1, $2, i.position, i.product_id, i.quantity, i.unit_price, i.discount_percent, i.notes, i.total_value
    from rows from (json_to_recordset($13::text::json) as (product_id uuid, quantity numeric, unit_price numeric,
           discount_percent numeric, notes text, total_value numeric))
         with ordinality as i (product_id, quantity, unit_price, discount_percent, notes, total_value, position)
  )
  select number from numbered`;

/** An order as it is made: what the database gives it is missing. */
export type OrderDraft = Omit<
  Order,
  "id" | "number" | "status" | "user_id" | "delivered_at" | "cancelled_at" | "created_at" | "updated_at"
>;

/** Writes a pending order with the next number and records `order_created`. */
export async function writeOrder(work: ShopWork, draft: OrderDraft): Promise<Order> {
  const { items, ...head } = draft;
  const id = Bun.randomUUIDv7();
  const user_id = work.actor?.id ?? null;
  const [row] = await work.tx.query<{ number: string }>(INSERT, [
    work.tenant.tenant_id,
    id,
    head.quote_id,
    head.customer_id,
    head.job_site_id,
    head.discount_percent,
    head.delivery_date,
    jsonOf(head.delivery_address),
    head.notes,
    head.total_value,
    user_id,
    work.now,
    JSON.stringify(items),
  ]);
  if (!row) throw new Error("the order was not written");
  const { number } = row;
  const { customer_id, customer_name, job_site_id, delivery_date, delivery_address, quote_id, total_value } = head;
  work.record("order_created", {
    order_id: id,
    number,
    quote_id,
    customer_id,
    customer_name,
    job_site_id,
    delivery_date,
    delivery_address,
    total_value,
    items: itemsOfEvent(items),
  });
  return {
    id,
    number,
    status: "pending",
    ...head,
    user_id,
    delivered_at: null,
    cancelled_at: null,
    created_at: work.now,
    updated_at: work.now,
    items,
  };
}

function jsonOf(address: Address | null): string | null {
  return address === null ? null : JSON.stringify(address);
}
