import { type Static, Type } from "@basecommerce/engine";

export const config = Type.Object({
  /** Percent by which a new price must differ from the supplier's previous one to be worth a word. */
  variation_threshold: Type.Number({ minimum: 0, maximum: 1000, default: 10 }),
  window_days: Type.Integer({ minimum: 1, maximum: 3650, default: 90 }),
  /** Percent the current price weighs against the mean when suppliers are ranked. */
  current_weight: Type.Number({ minimum: 0, maximum: 100, default: 70 }),
});

export type PricingConfig = Static<typeof config>;
