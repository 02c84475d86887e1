import { type DecimalInput, type Exact, fitting, textAtScale } from "./decimal.ts";

declare const brand: unique symbol;

/** Decimal string with 2 places, at most 16 digits before the point: `"32.00"`. */
export type Money = string & { readonly [brand]: "money" };

/** The amount, or undefined when `input` is not exact at 2 places. */
export function moneyOf(input: DecimalInput): Money | undefined {
  return textAtScale(input, 2, 16) as Money | undefined;
}

/** `value` rounded half away from zero to cents; undefined when it does not fit. */
export function roundedMoney(value: Exact): Money | undefined {
  return fitting(value, 2, 16) as Money | undefined;
}
