import { customType } from "drizzle-orm/pg-core";
import type { Money } from "../decimal/money.ts";
import type { Percent } from "../decimal/percent.ts";
import type { Quantity } from "../decimal/quantity.ts";

// Column types whose value in the program is the value on the wire, so that no mapping layer exists.

/** `timestamptz` as RFC 3339 UTC with microseconds: a Date would lose them, and cursors with it. */
export const instant = customType<{ data: string }>({ dataType: () => "timestamptz" });

/** `date` as `YYYY-MM-DD`. */
export const day = customType<{ data: string }>({ dataType: () => "date" });

/** Decimal string with 2 places. */
export const money = customType<{ data: Money }>({ dataType: () => "numeric(18,2)" });

/** Decimal string with 3 places. */
export const quantity = customType<{ data: Quantity }>({ dataType: () => "numeric(18,3)" });

/** Decimal string with 2 places, 0–100. */
export const percent = customType<{ data: Percent }>({ dataType: () => "numeric(5,2)" });
