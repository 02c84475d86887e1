import { expect, test } from "bun:test";
import fc from "fast-check";
import { runSchedule } from "./simulation/schedule.ts";

// Writers that commit, roll back and stall, two and more relays that are killed and frozen at every step, connections cut,
// Redis flushed, full, cut in the middle of a batch, set back to an older file, Postgres restored to an earlier state:
// afterwards each stream holds exactly the committed events, once, in order, with the right `prev`.
//
// Every run takes other schedules. `RELAY_SCHEDULES` sets how many; a failure prints seed and path, and
// `RELAY_SEED=… RELAY_PATH=…` repeats it.

const schedules = Number(process.env.RELAY_SCHEDULES ?? 1200);
const seed = Number(process.env.RELAY_SEED ?? Math.floor(Math.random() * 2 ** 31));

test(`${schedules} random schedules from seed ${seed} leave exactly the committed events in the streams`, async () => {
  const path = process.env.RELAY_PATH;
  await fc.assert(
    fc.asyncProperty(fc.array(fc.nat({ max: 9999 }), { minLength: 40, maxLength: 600, size: "max" }), async (tape) => {
      expect(await runSchedule(tape)).toBeUndefined();
    }),
    {
      numRuns: schedules,
      // A smaller tape is another schedule: shrinking would take minutes and explain little.
      endOnFailure: true,
      seed,
      ...(path === undefined ? {} : { path }),
    },
  );
}, 1_800_000);
