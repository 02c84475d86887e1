import { defineEngine } from "@basecommerce/engine";
import { abcRoutes } from "./abc.ts";
import { alertRoutes } from "./alert-routes.ts";
import { apply } from "./apply.ts";
import { eventTypes } from "./batch.ts";
import { config } from "./config.ts";
import { parameterRoutes } from "./parameters.ts";
import { suggestionRoutes } from "./suggestions.ts";
import { keptTables, migrations } from "./tables.ts";

/** What to buy, when and how much: demand from sales, levels from stock, alerts where they part. */
export default defineEngine({
  name: "stock",
  version: "1.0.0",
  description: "Warns before a product runs out and where too much lies",
  config,
  migrations,
  tables: { kept: keptTables },
  from: "beginning",
  batch_size: 2000,
  subscriptions: { construction: { event_types: eventTypes, batch: apply } },
  routes: (app) => {
    alertRoutes(app);
    suggestionRoutes(app);
    abcRoutes(app);
    return parameterRoutes(app);
  },
});
