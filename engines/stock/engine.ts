import { defineEngine } from "@basecommerce/engine";
import { alertRoutes } from "./alerts.ts";
import { apply } from "./apply.ts";
import { eventTypes } from "./batch.ts";
import { config } from "./config.ts";
import { parameterRoutes } from "./parameters.ts";
import { migrations } from "./tables.ts";

/** What to buy, when and how much: demand from sales, levels from stock, alerts where they part. */
export default defineEngine({
  name: "stock",
  version: "1.0.0",
  description: "Warns before a product runs out and where too much lies",
  config,
  migrations,
  from: "beginning",
  subscriptions: { construction: { event_types: eventTypes, batch: apply } },
  routes: (app) => {
    alertRoutes(app);
    return parameterRoutes(app);
  },
});
