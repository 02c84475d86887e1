import { expect, test } from "bun:test";
import { freePort } from "./ports.ts";

test("no port is given twice, and none that a client's connection could be given", () => {
  const ports = Array.from({ length: 200 }, freePort);
  expect(new Set(ports).size).toBe(200);
  const lowest = 32_768;
  expect(ports.every((port) => port >= 10_000 && port < lowest)).toBe(true);
});
