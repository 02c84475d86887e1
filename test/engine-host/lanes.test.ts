import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { inLanes } from "../../src/engine-host/lanes.ts";
import { until } from "../harness/until.ts";
import { HANDLED, recorder } from "./recorder.ts";
import { Scene } from "./scene.ts";

const items = fc.array(fc.record({ key: fc.constantFrom("a", "b", "c", "d"), turns: fc.nat(4), fails: fc.boolean() }), {
  maxLength: 20,
});

describe("events of several keys in lanes", () => {
  test("keep the order of their key, and no more are under way than there are lanes", async () => {
    await fc.assert(
      fc.asyncProperty(items, fc.integer({ min: 1, max: 6 }), async (events, lanes) => {
        const [under, done] = [new Map<string, number>(), new Map<string, number[]>()];
        let most = 0;
        const numbered = events.map((event, place) => ({ ...event, place }));
        await inLanes(
          numbered,
          lanes,
          ({ key }) => key,
          async ({ key, place, turns }) => {
            expect(under.has(key)).toBe(false);
            under.set(key, place);
            most = Math.max(most, under.size);
            for (let i = 0; i < turns; i++) await Promise.resolve();
            under.delete(key);
            done.set(key, [...(done.get(key) ?? []), place]);
          },
        );
        expect(most).toBeLessThanOrEqual(lanes);
        const wanted = Map.groupBy(numbered, ({ key }) => key);
        expect(done).toEqual(new Map([...wanted].map(([key, all]) => [key, all.map(({ place }) => place)])));
      }),
    );
  });

  test("stop at the first failure, which is told when nothing is under way any more", async () => {
    await fc.assert(
      fc.asyncProperty(items, fc.integer({ min: 1, max: 6 }), async (events, lanes) => {
        let under = 0;
        const failures: Error[] = [];
        const run = inLanes(
          events,
          lanes,
          ({ key }) => key,
          async ({ turns, fails }) => {
            expect(failures).toEqual([]);
            under++;
            for (let i = 0; i < turns; i++) await Promise.resolve();
            under--;
            if (!fails) return;
            const failure = new Error("failed");
            failures.push(failure);
            throw failure;
          },
        );
        const told = await run.then(
          () => undefined,
          (error: unknown) => error,
        );
        expect(told).toBe(failures[0]);
        expect(under).toBe(0);
      }),
    );
  });

  test("are handled together by an engine that allows it, each key in order, each shop by itself", async () => {
    const scene = await Scene.open(2);
    let inside = 0;
    let together = 0;
    const engine = recorder(
      async ({ tenant_id }, { db }) => {
        together = Math.max(together, ++inside);
        const [row] = await db.query<{ tenant_id: string }>("select current_setting('app.tenant_id') as tenant_id");
        inside--;
        expect(row?.tenant_id).toBe(tenant_id);
      },
      { concurrency: 3 },
    );
    await scene.install(engine);
    const events = Array.from({ length: 60 }, (_, i) => ({ tenant: i % 2, key: `k${i % 10}`, note: `${i}` }));
    await scene.write(events);
    await scene.publish();
    await scene.host(engine);
    const handled = () => scene.admin.query<{ key: string; note: string }>(HANDLED);
    await until(async () => (await handled()).length === events.length, { what: "all to be handled" });
    const byKey = Map.groupBy(await handled(), ({ key }) => key);
    for (const rows of byKey.values()) {
      const notes = rows.map(({ note }) => Number(note));
      expect(notes).toEqual(notes.toSorted((a, b) => a - b));
    }
    expect(together).toBe(3);
    await scene.close();
  });
});
