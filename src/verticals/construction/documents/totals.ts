import { Exact } from "../../../platform/decimal/decimal.ts";
import { type Money, roundedMoney } from "../../../platform/decimal/money.ts";
import type { Percent } from "../../../platform/decimal/percent.ts";
import type { Quantity } from "../../../platform/decimal/quantity.ts";
import { unprocessable } from "../../../platform/http/problem.ts";

/** quantity × unit_price × (1 − discount/100), rounded half away from zero to cents. 422 when it is too large. */
export function lineTotal(quantity: Quantity, unit_price: Money, discount_percent: Percent): Money {
  return cents(less(new Exact(quantity).times(unit_price), discount_percent));
}

/** Σ lines × (1 − discount/100), rounded half away from zero to cents. 422 when it is too large. */
export function documentTotal(lines: readonly { total_value: Money }[], discount_percent: Percent): Money {
  const sum = lines.reduce((total, line) => total.plus(line.total_value), new Exact(0));
  return cents(less(sum, discount_percent));
}

function less(value: Exact, discount_percent: Percent): Exact {
  if (discount_percent === "0.00") return value;
  return value.times(new Exact(100).minus(discount_percent)).dividedBy(100);
}

function cents(value: Exact): Money {
  const total = roundedMoney(value);
  if (total === undefined) throw unprocessable([{ path: "/items", message: "the total is too large" }]);
  return total;
}
