import { instantText, moneyText } from "../amount-text.ts";
import type { Batch } from "./batch.ts";
import { uuidAt } from "./ids.ts";
import type { LoadedShop } from "./loaded-shop.ts";
import type { Deal } from "./order.ts";

const VALID_DAYS = 7;
const DAY = 86_400_000;

/** A quote's way; null where it did not come so far. */
export interface QuoteCourse {
  made: number;
  sent: number | null;
  approved: number | null;
  converted: { at: number; order_id: string } | null;
  cancelled: number | null;
}

/** Writes a quote that came as far as `course` says, with all its events except that of the conversion. */
export function writeQuote(batch: Batch, shop: LoadedShop, quote_id: string, deal: Deal, course: QuoteCourse): void {
  const { chance, tenant_id, seller, admin } = shop;
  const { customer, lines, discount, total_value, delivery_date } = deal;
  const { id: customer_id, site_id: job_site_id } = customer;
  const { made, sent, approved, converted, cancelled } = course;
  const count = ++shop.quotes_made;
  batch.number(shop, "quote", count);
  const text = (at: number | null | undefined) => (at === null || at === undefined ? null : instantText(at));
  batch.add("quotes", {
    tenant_id,
    id: quote_id,
    number: `Q-${String(count).padStart(6, "0")}`,
    status: statusOf(course),
    customer_id,
    job_site_id,
    discount_percent: moneyText(discount),
    valid_days: VALID_DAYS,
    delivery_date,
    total_value,
    user_id: seller,
    order_id: converted?.order_id ?? null,
    sent_at: text(sent),
    expires_at: text(sent === null ? null : sent + VALID_DAYS * DAY),
    approved_at: text(approved),
    converted_at: text(converted?.at),
    cancelled_at: text(cancelled),
    created_at: text(made),
    updated_at: text(converted?.at ?? cancelled ?? approved ?? sent ?? made),
  });
  for (const [i, line] of lines.entries()) {
    batch.add("quote_items", { tenant_id, quote_id, position: i + 1, discount_percent: "0.00", ...line });
  }
  const created = {
    quote_id,
    customer_id,
    user_id: seller,
    job_site_id,
    total_value,
    discount_percent: moneyText(discount),
    items_count: lines.length,
    items: [...lines],
  };
  batch.event(shop, uuidAt(chance, made), "quote_created", created, made);
  const step = (
    event_type: "quote_sent" | "quote_approved" | "quote_cancelled",
    user_id: string,
    at: number | null,
  ) => {
    if (at === null) return;
    batch.event(shop, uuidAt(chance, at), event_type, { quote_id, customer_id, total_value, user_id }, at);
  };
  step("quote_sent", seller, sent);
  step("quote_approved", admin, approved);
  step("quote_cancelled", admin, cancelled);
}

/** The event of a conversion: it follows the order's own. */
export function recordConversion(
  batch: Batch,
  shop: LoadedShop,
  quote_id: string,
  { customer, lines, total_value }: Deal,
  { at, order_id }: { at: number; order_id: string },
): void {
  const payload = {
    quote_id,
    order_id,
    customer_id: customer.id,
    user_id: shop.admin,
    job_site_id: customer.site_id,
    total_value,
    converted_at: instantText(at),
    items: [...lines],
  };
  batch.event(shop, uuidAt(shop.chance, at), "quote_converted", payload, at);
}

function statusOf({ sent, approved, converted, cancelled }: QuoteCourse): string {
  if (converted) return "converted";
  if (cancelled !== null) return "cancelled";
  if (approved !== null) return "approved";
  return sent === null ? "draft" : "sent";
}
