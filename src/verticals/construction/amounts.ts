import { t } from "elysia";
import type { DecimalInput } from "../../platform/decimal/decimal.ts";
import { Exact } from "../../platform/decimal/decimal.ts";
import { type Money, moneyOf } from "../../platform/decimal/money.ts";
import { type Percent, percentOf } from "../../platform/decimal/percent.ts";
import { type Quantity, quantityOf } from "../../platform/decimal/quantity.ts";
import { unprocessable } from "../../platform/http/problem.ts";

function given(description: string, examples: DecimalInput[]) {
  return t.Union([t.String({ maxLength: 42 }), t.Number()], { description, examples });
}

export const MoneyGiven = given("decimal string, or a number that is exact at 2 places", ["32.90", 32.9]);
export const QuantityGiven = given("decimal string, or a number that is exact at 3 places", ["10.000", 10]);
export const PercentGiven = given("0–100, decimal string, or a number that is exact at 2 places", ["5.00", 5]);

export const MoneyShown = t.String({ pattern: "^-?\\d{1,16}\\.\\d{2}$", examples: ["32.90"] });
export const QuantityShown = t.String({ pattern: "^-?\\d{1,15}\\.\\d{3}$", examples: ["10.000"] });
export const PercentShown = t.String({ pattern: "^\\d{1,3}\\.\\d{2}$", examples: ["5.00"] });

/** An amount of money of at least 0. Throws the 422 that names `path` (JSON pointer). */
export function readMoney(input: DecimalInput, path: string): Money {
  const value = moneyOf(input);
  if (value === undefined || value.startsWith("-")) {
    throw unprocessable([{ path, message: "must be an amount of at least 0 with at most 2 places" }]);
  }
  return value;
}

/** A quantity above 0, or, when `zero` is allowed, of at least 0. */
export function readQuantity(input: DecimalInput, path: string, zero = false): Quantity {
  const value = quantityOf(input);
  if (value === undefined || value.startsWith("-") || (!zero && new Exact(value).isZero())) {
    throw unprocessable([
      { path, message: `must be a quantity ${zero ? "of at least" : "above"} 0 with at most 3 places` },
    ]);
  }
  return value;
}

export function readPercent(input: DecimalInput, path: string): Percent {
  const value = percentOf(input);
  if (value === undefined) throw unprocessable([{ path, message: "must be within 0 and 100 with at most 2 places" }]);
  return value;
}
