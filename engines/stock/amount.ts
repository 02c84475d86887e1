import { t } from "@basecommerce/engine";

/** A decimal as a client may give it: text, or a JSON number. */
export const AmountGiven = t.Union([t.String({ maxLength: 40 }), t.Number()]);

/** A double holds every decimal of this many digits; of a longer one the JSON parser has already lost something. */
const EXACT_DIGITS = 15;

/** `input` as plain decimal text, undefined unless it is exact with `places` places, not negative, below 10^`digits`. */
export function amountOf(input: string | number, places: number, digits: number): string | undefined {
  const [, whole, fraction = ""] = /^0*(\d+)(?:\.(\d*?)0*)?$/.exec(String(input)) ?? [];
  if (whole === undefined || whole.length > digits || fraction.length > places) return undefined;
  if (typeof input === "number" && whole.length + fraction.length > EXACT_DIGITS) return undefined;
  return `${whole}.${fraction.padEnd(places, "0")}`;
}
