import { expect, test } from "bun:test";
import fc from "fast-check";
import { moneyOf } from "../../../platform/decimal/money.ts";
import { percentOf } from "../../../platform/decimal/percent.ts";
import { quantityOf } from "../../../platform/decimal/quantity.ts";
import { documentTotal, lineTotal } from "./totals.ts";

/** `units` of 1/10^scale as text. */
function text(units: bigint, scale: number): string {
  const digits = units.toString().padStart(scale + 1, "0");
  return `${digits.slice(0, -scale)}.${digits.slice(-scale)}`;
}

/** ⌊n ÷ d + ½⌋: half away from zero, for n ≥ 0. */
const divided = (n: bigint, d: bigint) => (2n * n + d) / (2n * d);

function known<T>(value: T | undefined): T {
  if (value === undefined) throw new Error("the generator made something that is none");
  return value;
}

const quantities = fc.bigInt({ min: 1n, max: 10n ** 9n });
const prices = fc.bigInt({ min: 0n, max: 10n ** 9n });
const discounts = fc.bigInt({ min: 0n, max: 10_000n });

test("a line is quantity × price × (1 − discount), rounded once, as integers reckon it", () => {
  fc.assert(
    fc.property(quantities, prices, discounts, (quantity, price, discount) => {
      const total = lineTotal(
        known(quantityOf(text(quantity, 3))),
        known(moneyOf(text(price, 2))),
        known(percentOf(text(discount, 2))),
      );
      expect<string>(total).toBe(text(divided(quantity * price * (10_000n - discount), 10n ** 7n), 2));
    }),
  );
});

test("a document is the sum of its rounded lines × (1 − discount), rounded once", () => {
  fc.assert(
    fc.property(fc.array(prices, { minLength: 1, maxLength: 20 }), discounts, (lines, discount) => {
      const total = documentTotal(
        lines.map((line) => ({ total_value: known(moneyOf(text(line, 2))) })),
        known(percentOf(text(discount, 2))),
      );
      const sum = lines.reduce((a, b) => a + b, 0n);
      expect<string>(total).toBe(text(divided(sum * (10_000n - discount), 10_000n), 2));
    }),
  );
});

test("a total that no column can hold is refused", () => {
  const [quantity, price, none] = [quantityOf("999999999999999"), moneyOf("9999999999999999.99"), percentOf(0)];
  expect(() => lineTotal(known(quantity), known(price), known(none))).toThrow("invalid");
});
