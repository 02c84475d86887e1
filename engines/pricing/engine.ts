import { defineEngine } from "@basecommerce/engine";
import { apply, eventTypes } from "./apply.ts";
import { config } from "./config.ts";
import { movementRoutes, supplierRoutes } from "./routes.ts";
import { migrations } from "./tables.ts";

/** From whom to buy and at what cost: suppliers' prices compared, their moves watched. */
export default defineEngine({
  name: "pricing",
  version: "1.0.0",
  description: "Compares suppliers, suggests from whom to buy and warns when a price jumps",
  config,
  migrations,
  from: "beginning",
  subscriptions: { construction: { event_types: eventTypes, batch: apply } },
  routes: (app) => {
    supplierRoutes(app);
    return movementRoutes(app);
  },
});
