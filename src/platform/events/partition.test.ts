import { expect, test } from "bun:test";
import { partitionOf } from "./partition.ts";

test("a tenant's partition is what SHA-256 says, on every machine and in every version", () => {
  // printf %s 0190a5e0-0000-7000-8000-000000000001 | sha256sum | cut -c1-8
  const first = 0xa0d2542b;
  for (const partitions of [1, 3, 16]) {
    expect(partitionOf("0190a5e0-0000-7000-8000-000000000001", partitions)).toBe(first % partitions);
  }
});
