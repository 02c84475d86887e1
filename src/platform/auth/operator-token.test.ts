import { expect, test } from "bun:test";
import { OperatorToken } from "./operator-token.ts";

test("only the token itself fits, of whatever length a guess is", () => {
  const token = new OperatorToken("0123456789abcdef0123456789abcdef");
  expect(token.fits("0123456789abcdef0123456789abcdef")).toBe(true);
  for (const guess of ["", "0", "0123456789abcdef0123456789abcdeF", "0123456789abcdef0123456789abcdef0"]) {
    expect({ guess, fits: token.fits(guess) }).toEqual({ guess, fits: false });
  }
});
