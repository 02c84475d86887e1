import { describe, expect, test } from "bun:test";
import { censored, loggedError, scrubbed } from "./redaction.ts";

describe("what is logged", () => {
  test("loses what stands under a telling name, however deep", () => {
    const given = {
      a: [{ Email: "x", id: 1 }],
      customer: { name: "Ana", address: { street: "y" } },
      token: "t",
      cause: null,
    };
    expect(censored(given)).toEqual({
      a: [{ Email: "[redacted]", id: 1 }],
      customer: { name: "[redacted]", address: "[redacted]" },
      token: "[redacted]",
      cause: null,
    });
  });

  test("of an error is its kind, code, message and way, not what hangs on it", () => {
    const error = Object.assign(new Error("duplicate key"), {
      code: "23505",
      detail: "Key (email)=(a@b.example)",
      args: ["x"],
    });
    expect(loggedError(error)).toEqual({
      type: "Error",
      code: "23505",
      message: "duplicate key",
      stack: expect.any(Array),
    });
    // Class 22 is about a value, and its message repeats it.
    const about = Object.assign(new Error('invalid input: "Ana"'), { code: "22P02" });
    expect(loggedError(about)).toEqual({ type: "Error", code: "22P02", stack: expect.any(Array) });
  });

  test.each([
    ["postgres://app:s3cr3t@db:5432/x", "postgres://app:[redacted]@db:5432/x"],
    ["redis://:s3cr3t@cache:6379", "redis://:[redacted]@cache:6379"],
    ["got Authorization: Bearer abc.def-ghi", "got Authorization: Bearer [redacted]"],
    ["token eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2ln", "token [redacted]"],
    ["hash $argon2id$v=19$m=65536$abc", "hash [redacted]"],
    ["to ana.souza+obra@casa.example.br!", "to [redacted]!"],
    ["CPF 529.982.247-25 or 52998224725", "CPF [redacted] or [redacted]"],
    ["CNPJ 11.222.333/0001-81, 12.ABC.345/01DE-35 or 11222333000181", "CNPJ [redacted], [redacted] or [redacted]"],
    ["call (11) 98765-4321 or +55 11 98765-4321 or +5511987654321", "call [redacted] or [redacted] or [redacted]"],
  ])("loses what its form gives away: %s", (given, kept) => {
    expect(scrubbed(given)).toBe(kept);
  });

  test("keeps what is no one's: ids, traces, instants, figures; and stays JSON", () => {
    const line = JSON.stringify({
      time: "2026-11-22T23:13:40.283Z",
      id: "019c5f3e-9a10-7b22-8c3d-456789012345",
      trace: "00-12345678901234567890123456789012-1234567890123456-01",
      seconds: 0.00123456789012,
      seq: 1234567890,
    });
    expect(scrubbed(line)).toBe(line);
    expect(JSON.parse(scrubbed('{"document":52998224725,"all":[11222333000181]}'))).toEqual({ document: 0, all: [0] });
  });
});
