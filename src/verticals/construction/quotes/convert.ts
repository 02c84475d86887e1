import { itemsOfEvent } from "../documents/items.ts";
import { readParties } from "../documents/parties.ts";
import { requireTransition } from "../documents/transitions.ts";
import { getOrder, type Order } from "../orders/service.ts";
import { writeOrder } from "../orders/write.ts";
import type { ShopWork } from "../work.ts";
import { requireDecider } from "./progress.ts";
import { getQuote, isQuote, lockQuote } from "./service.ts";
import { quoteTransitions } from "./status.ts";
import { quotes } from "./table.ts";

export interface Conversion {
  order: Order;
  /** False when the quote had been converted before: the order is the one made then. */
  made: boolean;
}

/**
 * Makes an approved quote's order, once for ever: the quote's row is locked, so whoever comes at the same time waits and
 * finds the order made. 403 unless the user may decide, 409 when it is not approved.
 */
export async function convertQuote(work: ShopWork, id: string): Promise<Conversion> {
  requireDecider(work);
  const locked = await lockQuote(work, id);
  if (locked.order_id !== null) return { order: await getOrder(work, locked.order_id), made: false };
  requireTransition("quote", quoteTransitions, locked.status, "converted");
  const [quote, parties] = await Promise.all([
    getQuote(work, id),
    readParties(work, locked.customer_id, locked.job_site_id),
  ]);
  const { customer_id, job_site_id, discount_percent, delivery_date, notes, total_value, items } = quote;
  const order = await writeOrder(work, {
    quote_id: quote.id,
    ...parties,
    discount_percent,
    delivery_date,
    notes,
    total_value,
    items,
  });
  await work.orm
    .update(quotes)
    .set({ status: "converted", converted_at: work.now, order_id: order.id, updated_at: work.now })
    .where(isQuote(work, id));
  work.record("quote_converted", {
    quote_id: quote.id,
    order_id: order.id,
    customer_id,
    user_id: work.actor?.id ?? null,
    job_site_id,
    total_value,
    converted_at: work.now,
    items: itemsOfEvent(items),
  });
  return { order, made: true };
}
