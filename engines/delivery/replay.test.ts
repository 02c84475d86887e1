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
    .array(fc.tuple(fc.nat({ max: 5 }), fc.constantFrom("step", "step", "step", "anonymize", "reschedule")), {
      minLength: 1,
      maxLength: 20,
    })
    .map((moves) => {
      const orders = new Orders();
      const next: Record<number, [Step, Step][]> = {};
      for (const [place, [number, move]] of moves.entries()) {
        if (move === "anonymize") orders.anonymized(number % 2);
        const steps = next[number];
        // Only a pending order gets another day.
        if (move === "reschedule" && steps?.length === 3) {
          orders.rescheduled(number, place % 4 === 0 ? null : `2026-03-${10 + place}`);
          continue;
        }
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
