import { defineEngine } from "@basecommerce/engine";
import { apply, eventTypes } from "./apply.ts";
import { config } from "./config.ts";
import { deliveryRoutes, doorRoutes } from "./door.ts";
import { MAX_PROOF_BYTES } from "./image.ts";
import { performanceRoutes } from "./performance.ts";
import { planRoutes } from "./plan.ts";
import { keptTables, migrations } from "./tables.ts";

/** From the order to the door: the day's routes, what happens on the way, the proof at the end. */
export default defineEngine({
  name: "delivery",
  version: "1.1.0",
  description: "Plans the day's routes by region, follows each delivery and keeps its proof",
  config,
  migrations,
  tables: { kept: keptTables },
  from: "beginning",
  subscriptions: { construction: { event_types: eventTypes, batch: apply } },
  body_limits: { "POST /deliveries/:order_id/proof": MAX_PROOF_BYTES },
  routes: (app) => {
    deliveryRoutes(app);
    doorRoutes(app);
    planRoutes(app);
    return performanceRoutes(app);
  },
});
