import { type Static, Type } from "@basecommerce/engine";

export const config = Type.Object({
  /** Stops a route may have at most. */
  max_stops: Type.Integer({ minimum: 1, maximum: 200, default: 20 }),
  /** What one stop costs the shop: a decimal with 2 places. */
  cost_per_stop: Type.String({ pattern: "^\\d{1,12}\\.\\d{2}$", default: "0.00" }),
});

export type DeliveryConfig = Static<typeof config>;
