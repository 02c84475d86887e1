import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { Exact } from "./decimal.ts";
import { moneyOf, roundedMoney } from "./money.ts";
import { percentOf, shareOf } from "./percent.ts";
import { quantityOf } from "./quantity.ts";

/** Cents as text, by integer arithmetic. */
function centsText(cents: bigint): string {
  const digits = (cents < 0n ? -cents : cents).toString().padStart(3, "0");
  return `${cents < 0n ? "-" : ""}${digits.slice(0, -2)}.${digits.slice(-2)}`;
}

describe("what is given", () => {
  test("a decimal string or an exact number, always shown with all its places", () => {
    expect<string | undefined>(moneyOf("32")).toBe("32.00");
    expect<string | undefined>(moneyOf(32.9)).toBe("32.90");
    expect<string | undefined>(moneyOf("0.1")).toBe("0.10");
    expect<string | undefined>(moneyOf("1.500")).toBe("1.50");
    expect<string | undefined>(moneyOf("-0.00")).toBe("0.00");
    expect<string | undefined>(quantityOf(1e-3)).toBe("0.001");
    expect<string | undefined>(percentOf("100")).toBe("100.00");
  });

  test("nothing that would have to be rounded, and no other writing of numbers", () => {
    for (const wrong of ["1.005", "1e3", "", " 1", "1,5", ".5", "5.", "+1", "0x10", "NaN", "Infinity", "١"]) {
      expect(moneyOf(wrong)).toBeUndefined();
    }
    for (const wrong of [1.005, Number.NaN, Number.POSITIVE_INFINITY, 1e21, 12345678901234.56]) {
      expect(moneyOf(wrong)).toBeUndefined();
    }
    expect(moneyOf("10000000000000000.00")).toBeUndefined();
    expect(percentOf("100.01")).toBeUndefined();
    expect(percentOf("-0.01")).toBeUndefined();
  });

  test("every amount of whole cents, as text and, within 15 digits, as a number", () => {
    fc.assert(
      fc.property(fc.bigInt({ min: -(10n ** 18n) + 1n, max: 10n ** 18n - 1n }), (cents) => {
        expect<string | undefined>(moneyOf(centsText(cents))).toBe(centsText(cents));
      }),
    );
    fc.assert(
      fc.property(fc.integer({ min: -(10 ** 9), max: 10 ** 9 }), (cents) => {
        expect<string | undefined>(moneyOf(cents / 100)).toBe(centsText(BigInt(cents)));
      }),
    );
  });
});

test("rounding is half away from zero", () => {
  expect<string | undefined>(roundedMoney(new Exact("2.675"))).toBe("2.68");
  expect<string | undefined>(roundedMoney(new Exact("-2.675"))).toBe("-2.68");
  expect<string | undefined>(roundedMoney(new Exact("-0.004"))).toBe("0.00");
  expect(roundedMoney(new Exact("9999999999999999.995"))).toBeUndefined();
});

test("a share of nothing is none", () => {
  expect<string | undefined>(shareOf(2, 3)).toBe("66.67");
  expect<string | undefined>(shareOf(0, 3)).toBe("0.00");
  expect(shareOf(0, 0)).toBeUndefined();
});
