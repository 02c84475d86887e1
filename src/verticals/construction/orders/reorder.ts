import { conflict } from "../../../platform/http/problem.ts";
import { createQuote, type Quote } from "../quotes/service.ts";
import type { ShopWork } from "../work.ts";
import { getOrder } from "./service.ts";

export type Reorder = Quote & { left_out: { product_id: string; product_name: string }[] };

const INACTIVE = `
  select p.id from order_items i join products p on p.tenant_id = i.tenant_id and p.id = i.product_id
  where i.tenant_id = $1 and i.order_id = $2 and not p.active`;

/**
 * Makes a draft with an order's items at today's prices, without the discounts given then, and names what was left out
 * because its product is inactive. 409 `nothing_to_reorder` when that is all of it.
 */
export async function reorder(work: ShopWork, order_id: string): Promise<Reorder> {
  const [order, rows] = await Promise.all([
    getOrder(work, order_id),
    work.tx.query<{ id: string }>(INACTIVE, [work.tenant.tenant_id, order_id]),
  ]);
  const inactive = new Set(rows.map(({ id }) => id));
  const items = order.items.filter(({ product_id }) => !inactive.has(product_id));
  if (items.length === 0) throw conflict("nothing_to_reorder", "none of the order's products is sold any more");
  const quote = await createQuote(work, {
    customer_id: order.customer_id,
    job_site_id: order.job_site_id,
    items: items.map(({ product_id, quantity, notes }) => ({ product_id, quantity, notes })),
  });
  const names = new Map(order.items.map(({ product_id, product_name }) => [product_id, product_name]));
  const left_out = [...names]
    .filter(([product_id]) => inactive.has(product_id))
    .map(([product_id, product_name]) => ({ product_id, product_name }));
  return { ...quote, left_out };
}
