import { defineEngine, Type } from "@basecommerce/engine";
import { collect } from "./collect.ts";
import { deliveryRoutes } from "./deliveries.ts";
import { endpointRoutes } from "./endpoints.ts";
import { eventTypes } from "./event-types.ts";
import { forget } from "./forget.ts";
import { quiet, send } from "./send.ts";
import { settings } from "./settings.ts";
import { keptTables, migrations } from "./tables.ts";

/** Tells other systems: each event an endpoint asked for is posted to it, signed, until it was taken. */
export default defineEngine({
  name: "webhooks",
  version: "1.0.0",
  description: "Posts the events a shop chooses to its own URLs, signed, with retries",
  config: Type.Object({}),
  settings,
  migrations,
  tables: { kept: keptTables },
  // The past is not posted to anybody.
  from: "now",
  subscriptions: { construction: { event_types: eventTypes, batch: collect } },
  jobs: {
    send: { every: "1s", run: send },
    forget: {
      cron: "17 3 * * *",
      run: forget,
    },
  },
  stop: quiet,
  routes: (app) => {
    endpointRoutes(app);
    return deliveryRoutes(app);
  },
});
