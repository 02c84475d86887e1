import { itemsOfEvent } from "../documents/items.ts";
import { requireTransition } from "../documents/transitions.ts";
import { takeSold } from "../stock/sale.ts";
import type { ShopWork } from "../work.ts";
import { getOrder, isOrder, lockOrder, type Order } from "./service.ts";
import { type OrderStatus, orderTransitions } from "./status.ts";
import { orders } from "./table.ts";

/**
 * Moves an order on; 409 `wrong_transition` names what is allowed. Delivering takes the items out of stock and records
 * the sale.
 */
export async function changeOrderStatus(work: ShopWork, id: string, status: OrderStatus): Promise<Order> {
  const { now } = work;
  const locked = await lockOrder(work, id);
  requireTransition("order", orderTransitions, locked.status, status);
  const changes = {
    status,
    updated_at: now,
    ...(status === "delivered" ? { delivered_at: now } : {}),
    ...(status === "cancelled" ? { cancelled_at: now } : {}),
  };
  const [before] = await Promise.all([
    getOrder(work, id),
    work.orm.update(orders).set(changes).where(isOrder(work, id)),
  ]);
  // Both travel together, so what was read may be from before the change.
  const order: Order = { ...before, ...changes };
  work.record("order_status_changed", {
    order_id: order.id,
    old_status: locked.status,
    new_status: status,
    changed_at: now,
    user_id: work.actor?.id ?? null,
  });
  if (status === "delivered") await recordSale(work, order);
  return order;
}

async function recordSale(work: ShopWork, order: Order): Promise<void> {
  await takeSold(work, order.id, order.items);
  const { id, quote_id, customer_id, job_site_id, total_value, items } = order;
  work.record("sale_recorded", {
    order_id: id,
    quote_id,
    customer_id,
    job_site_id,
    delivered_at: work.now,
    total_value,
    items: itemsOfEvent(items),
  });
}
