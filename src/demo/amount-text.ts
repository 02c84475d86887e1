const HUNDREDTHS = Array.from({ length: 100 }, (_, i) => `.${String(i).padStart(2, "0")}`);
const THOUSANDTHS = Array.from({ length: 1000 }, (_, i) => `.${String(i).padStart(3, "0")}`);

/** Thousandths as the wire has quantities: 1500 → `"1.500"`. */
export function quantityText(milli: number): string {
  return fixed(milli, THOUSANDTHS);
}

/** Cents as the wire has money: 3990 → `"39.90"`. */
export function moneyText(cents: number): string {
  return fixed(cents, HUNDREDTHS);
}

function fixed(value: number, fractions: readonly string[]): string {
  const size = Math.abs(value);
  const fraction = size % fractions.length;
  return `${value < 0 ? "-" : ""}${(size - fraction) / fractions.length}${fractions[fraction]}`;
}

/** Whole milliseconds of UTC as an instant of the wire. */
export function instantText(milliseconds: number): string {
  return `${new Date(milliseconds).toISOString().slice(0, 23)}000Z`;
}
