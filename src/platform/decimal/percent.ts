import { type DecimalInput, Exact, fitting, textAtScale } from "./decimal.ts";

declare const brand: unique symbol;

/** Decimal string with 2 places from 0 to 100: `"12.50"`. */
export type Percent = string & { readonly [brand]: "percent" };

/** The percentage, or undefined when `input` is not exact at 2 places or not within 0–100. */
export function percentOf(input: DecimalInput): Percent | undefined {
  const text = textAtScale(input, 2, 3);
  if (text === undefined) return undefined;
  const value = new Exact(text);
  return value.isNegative() || value.gt(100) ? undefined : (text as Percent);
}

/** What `part` is of `whole`, in percent; undefined of nothing. */
export function shareOf(part: number, whole: number): Percent | undefined {
  if (whole === 0) return undefined;
  return fitting(new Exact(part).times(100).dividedBy(whole), 2, 3) as Percent | undefined;
}
