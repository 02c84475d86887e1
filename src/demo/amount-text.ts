import { instantOf } from "../platform/events/instant.ts";

/** Thousandths as the wire has quantities: 1500 → `"1.500"`. */
export function quantityText(milli: number): string {
  return fixed(milli, 1000, 3);
}

/** Cents as the wire has money: 3990 → `"39.90"`. */
export function moneyText(cents: number): string {
  return fixed(cents, 100, 2);
}

function fixed(value: number, scale: number, places: number): string {
  const size = Math.abs(value);
  const fraction = String(size % scale).padStart(places, "0");
  return `${value < 0 ? "-" : ""}${Math.floor(size / scale)}.${fraction}`;
}

/** Milliseconds of UTC as an instant of the wire. */
export function instantText(milliseconds: number): string {
  return instantOf(Math.floor(milliseconds) * 1000);
}
