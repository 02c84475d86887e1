import type { EventType } from "@basecommerce/engine";

/** What an endpoint may choose from. */
export const eventTypes = [
  "product_created",
  "product_updated",
  "product_price_updated",
  "customer_anonymized",
  "supplier_updated",
  "supplier_price_registered",
  "stock_updated",
  "quote_created",
  "quote_sent",
  "quote_approved",
  "quote_cancelled",
  "quote_converted",
  "order_created",
  "order_rescheduled",
  "order_status_changed",
  "sale_recorded",
] as const satisfies readonly EventType<"construction">[];
