import { Decimal } from "decimal.js";

/**
 * Decimal arithmetic for amounts: enough digits that no intermediate value of the widest columns is rounded, and
 * rounding half away from zero (what decimal.js calls HALF_UP).
 */
export const Exact = Decimal.clone({ precision: 80, rounding: Decimal.ROUND_HALF_UP });
export type Exact = Decimal;

/** What a caller may give for an amount. */
export type DecimalInput = string | number;

const PLAIN = /^-?\d{1,20}(?:\.\d{1,20})?$/;
/** A double holds every decimal of this many digits; of a longer one the JSON parser has already lost something. */
const EXACT_DIGITS = 15;

/** An exact number, or undefined when `input` is none: no exponents in text, no doubles of more than 15 digits. */
function exactOf(input: DecimalInput): Exact | undefined {
  if (typeof input === "string") return PLAIN.test(input) ? new Exact(input) : undefined;
  if (!Number.isFinite(input)) return undefined;
  const value = new Exact(input);
  return value.precision() <= EXACT_DIGITS ? value : undefined;
}

/**
 * Text with exactly `scale` places, undefined unless `input` is exact at that scale and has at most `digits` digits
 * before the point.
 */
export function textAtScale(input: DecimalInput, scale: number, digits: number): string | undefined {
  const plain = wholeAtScale(input, scale, digits);
  if (plain !== undefined) return plain;
  const value = exactOf(input);
  if (value === undefined || value.decimalPlaces() > scale) return undefined;
  return fitting(value, scale, digits);
}

/** `value` rounded to `scale` places as text; undefined when it has more than `digits` digits before the point. */
export function fitting(value: Exact, scale: number, digits: number): string | undefined {
  const rounded = value.toDecimalPlaces(scale);
  // There is no minus zero on the wire.
  const text = rounded.isZero() ? new Exact(0).toFixed(scale) : rounded.toFixed(scale);
  return text.length - (text.startsWith("-") ? 1 : 0) - scale - 1 > digits ? undefined : text;
}

/** Whole numbers need no arithmetic, and most quantities are. */
function wholeAtScale(input: DecimalInput, scale: number, digits: number): string | undefined {
  if (
    typeof input !== "number" ||
    !Number.isSafeInteger(input) ||
    Math.abs(input) >= 10 ** Math.min(digits, EXACT_DIGITS)
  ) {
    return undefined;
  }
  return `${input}.${"0".repeat(scale)}`;
}
