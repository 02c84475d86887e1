import { afterAll, beforeAll, expect, test } from "bun:test";
import fc from "fast-check";
import { EngineBench } from "../../test/engines/engine-bench.ts";
import { interleavings } from "../../test/engines/shuffle.ts";
import engine from "./engine.ts";
import { Orders, type Step } from "./orders.ts";

let bench: EngineBench;
beforeAll(async () => {
  bench = await EngineBench.open(engine);
}, 60_000);
afterAll(() => bench.close());

test("any interleaving of different keys, in any batches, leaves the same rows", async () => {
  const histories = fc
    .array(fc.tuple(fc.nat({ max: 5 }), fc.boolean()), { minLength: 1, maxLength: 20 })
    .map((moves) => {
      const orders = new Orders();
      const next: Record<number, [Step, Step][]> = {};
      for (const [number, anonymize] of moves) {
        if (anonymize) orders.anonymized(number % 2);
        const steps = next[number];
        if (!steps) {
          orders.order(number, number === 0 ? null : "13010-300");
          next[number] = [
            ["pending", "preparing"],
            ["preparing", "out_for_delivery"],
            ["out_for_delivery", "delivered"],
          ];
          continue;
        }
        const step = steps.shift();
        if (step) orders.step(number, ...step);
      }
      return orders.events;
    });
  const cases = histories.chain((events) => fc.tuple(fc.constant(events), interleavings(events)));
  await fc.assert(
    fc.asyncProperty(cases, async ([events, batches]) => {
      await bench.empty();
      await bench.apply(...events.map((event) => [event]));
      const live = await bench.derivedRows();
      await bench.empty();
      await bench.apply(...batches);
      expect(await bench.derivedRows()).toEqual(live);
    }),
    { numRuns: 15 },
  );
}, 120_000);
