import { defineEngine } from "@basecommerce/engine";
import { apply } from "./apply.ts";
import { eventTypes } from "./batch.ts";
import { config } from "./config.ts";
import { recommendationRoutes, setRoutes } from "./routes.ts";
import { migrations } from "./tables.ts";

/** How to raise the value of a sale: what goes together, what a customer always takes, what there is instead. */
export default defineEngine({
  name: "sales",
  version: "1.0.0",
  description: "Finds what is bought together and what to offer with a product or instead of it",
  config,
  migrations,
  from: "beginning",
  batch_size: 2000,
  subscriptions: { construction: { event_types: eventTypes, batch: apply } },
  routes: (app) => {
    recommendationRoutes(app);
    return setRoutes(app);
  },
});
