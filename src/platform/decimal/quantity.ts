import { type DecimalInput, textAtScale } from "./decimal.ts";

declare const brand: unique symbol;

/** Decimal string with 3 places, at most 15 digits before the point: `"10.000"`. */
export type Quantity = string & { readonly [brand]: "quantity" };

/** The quantity, or undefined when `input` is not exact at 3 places. */
export function quantityOf(input: DecimalInput): Quantity | undefined {
  return textAtScale(input, 3, 15) as Quantity | undefined;
}
