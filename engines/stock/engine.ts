import { defineEngine, Type } from "@basecommerce/engine";
import { alertRoutes } from "./alerts.ts";
import { apply } from "./apply.ts";
import { migrations } from "./tables.ts";

/** What to buy, when and how much: demand from sales, levels from stock, alerts where they part. */
export default defineEngine({
  name: "stock",
  version: "1.0.0",
  description: "Warns before a product runs out and where too much lies",
  config: Type.Object({
    lead_time_days: Type.Integer({ minimum: 1, maximum: 365, default: 7 }),
    safety_stock_percent: Type.Number({ minimum: 0, maximum: 500, default: 20 }),
    window_days: Type.Integer({ minimum: 1, maximum: 365, default: 90 }),
  }),
  migrations,
  from: "beginning",
  subscriptions: {
    construction: {
      event_types: ["product_created", "product_updated", "product_price_updated", "stock_updated", "sale_recorded"],
      batch: apply,
    },
  },
  routes: alertRoutes,
});
