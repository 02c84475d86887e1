import { expect, test } from "bun:test";
import fc from "fast-check";
import { runSchedule } from "./simulation/schedule.ts";

// Writers that commit, roll back and stall, two and more relays that are killed and frozen at every step, connections cut,
// Redis flushed, full, cut in the middle of a batch, set back to an older file, Postgres restored to an earlier state:
// afterwards each stream holds exactly the committed events, once, in order, with the right `prev`.
//
// A failure prints seed and path; `RELAY_SEED=… RELAY_PATH=…` repeats it. `RELAY_SCHEDULES` sets how many are run.

// An ordinary run repeats the same schedules, so that it says something about the change at hand and nothing else.
const SEED = 20_261_122;
const schedules = Number(process.env.RELAY_SCHEDULES ?? 1200);

test(`${schedules} random schedules leave exactly the committed events in the streams`, async () => {
  const { RELAY_SEED, RELAY_PATH } = process.env;
  await fc.assert(
    fc.asyncProperty(fc.array(fc.nat({ max: 9999 }), { minLength: 40, maxLength: 600, size: "max" }), async (tape) => {
      expect(await runSchedule(tape)).toBeUndefined();
    }),
    {
      numRuns: schedules,
      // A smaller tape is another schedule: shrinking would take minutes and explain little.
      endOnFailure: true,
      seed: Number(RELAY_SEED ?? SEED),
      ...(RELAY_PATH === undefined ? {} : { path: RELAY_PATH }),
    },
  );
}, 600_000);
