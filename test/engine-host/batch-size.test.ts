import { expect, test } from "bun:test";
import fc from "fast-check";
import { BatchSize } from "../../src/engine-host/batch-size.ts";

/** Takes full batches of events that take so long each, until the size stays as it is. */
function settled(size: BatchSize, ms_each: number): number {
  for (let turn = 0; turn < 40; turn++) size.took(size.count, size.count * ms_each);
  return size.count;
}

test("grows to what the engine allows while batches are quick", () => {
  expect(settled(new BatchSize(2000), 0.05)).toBe(2000);
  expect(settled(new BatchSize(7), 0.05)).toBe(7);
});

test("small batches say nothing of large ones", () => {
  const size = new BatchSize(2000);
  const before = size.count;
  for (let turn = 0; turn < 100; turn++) size.took(1, 1);
  expect(size.count).toBe(before);
});

test("however slow the handlers are, a batch takes half a second, or one event", () => {
  const ms = fc.double({ min: 0.01, max: 60_000, noNaN: true });
  fc.assert(
    fc.property(ms, ms, fc.integer({ min: 1, max: 5000 }), (before, now, most) => {
      const size = new BatchSize(most);
      settled(size, before);
      const count = settled(size, now);
      expect(count).toBeGreaterThanOrEqual(1);
      expect(count).toBeLessThanOrEqual(most);
      if (count > 1) expect(count * now).toBeLessThanOrEqual(500);
      // It comes back: not smaller than a quarter second's worth, if the engine allows as much.
      if (count < most) expect(count * 2 * now).toBeGreaterThanOrEqual(Math.min(250, now));
    }),
  );
});
