import { expect, test } from "bun:test";
import { hashPassword, verifyPassword } from "./password.ts";

test("a password is kept as argon2id and known again, however its accents are written", async () => {
  const hash = await hashPassword("caf\u00e9 com leite");
  expect(hash).toStartWith("$argon2id$");
  expect(await verifyPassword("cafe\u0301 com leite", hash)).toBe(true);
  expect(await verifyPassword("cafe com leite", hash)).toBe(false);
});

test("where there is no user the same work is done, and nothing is right", async () => {
  const verify = Bun.password.verify;
  const compared: string[] = [];
  try {
    Bun.password.verify = async (password, hash, ...rest) => {
      compared.push(String(hash).split("$").slice(0, 4).join("$"));
      return await verify(password, hash, ...rest);
    };
    expect(await verifyPassword("anything", undefined)).toBe(false);
    expect(await verifyPassword("anything", await hashPassword("something"))).toBe(false);
  } finally {
    Bun.password.verify = verify;
  }
  // Algorithm, version, memory, passes: the price is the same.
  expect(compared).toHaveLength(2);
  expect(compared[0]).toBe(compared[1] ?? "");
});
