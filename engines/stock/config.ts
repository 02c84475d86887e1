import { type Static, Type } from "@basecommerce/engine";

/** Longest window a shop may choose; what is older than it is forgotten. */
export const MAX_WINDOW_DAYS = 365;

export const config = Type.Object({
  lead_time_days: Type.Integer({ minimum: 1, maximum: 365, default: 7 }),
  safety_stock_percent: Type.Number({ minimum: 0, maximum: 500, default: 20 }),
  window_days: Type.Integer({ minimum: 1, maximum: MAX_WINDOW_DAYS, default: 90 }),
});

export type StockConfig = Static<typeof config>;
