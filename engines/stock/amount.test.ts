import { expect, test } from "bun:test";
import { amountOf } from "./amount.ts";

test.each([
  ["0", "0.000"],
  ["000.5", "0.500"],
  [10, "10.000"],
  [0.1, "0.100"],
  ["1.50000", "1.500"],
  ["10", "10.000"],
  ["999999999999999.999", "999999999999999.999"],
])("%p is %p", (input, text) => expect(amountOf(input, 3, 15)).toBe(text));

test.each([
  "",
  ".5",
  "-1",
  "1.0001",
  "1e3",
  " 1",
  "1000000000000000",
  -1,
  1e21,
  0.30000000000000004,
  Number.NaN,
  123456789012.3456,
])("%p is refused", (input) => expect(amountOf(input, 3, 15)).toBeUndefined());
