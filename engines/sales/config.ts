import { type Static, Type } from "@basecommerce/engine";

/** Longest window a shop may choose; baskets older than it are forgotten. */
export const MAX_WINDOW_DAYS = 365;

export const config = Type.Object({
  /** Percent of the baskets with one product that must hold the other one too. */
  min_frequency: Type.Number({ minimum: 0, maximum: 100, default: 20 }),
  /** Baskets a product must be in before anything is said about it. */
  min_baskets: Type.Integer({ minimum: 1, maximum: 1000, default: 3 }),
  window_days: Type.Integer({ minimum: 1, maximum: MAX_WINDOW_DAYS, default: 90 }),
  /** Recommendations given at a time unless the caller asks for more. */
  limit: Type.Integer({ minimum: 1, maximum: 50, default: 5 }),
});

export type SalesConfig = Static<typeof config>;
