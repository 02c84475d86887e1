import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { inLanes } from "../../src/engine-host/lanes.ts";
import { until } from "../harness/until.ts";
import { HANDLED, recorder } from "./recorder.ts";
import { Scene } from "./scene.ts";

const BOUND_TO = "select current_setting('app.tenant_id') as tenant_id";

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
    const inside = new Map<string, number>();
    let together = 0;
    const engine = recorder(
      async ({ tenant_id }, { db }) => {
        const mine = (inside.get(tenant_id) ?? 0) + 1;
        inside.set(tenant_id, mine);
        together = Math.max(together, mine);
        const [row] = await db.query<{ tenant_id: string }>(BOUND_TO);
        inside.set(tenant_id, (inside.get(tenant_id) ?? 0) - 1);
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

describe("events of several shops", () => {
  test("are handled together, one at a time of each, and every statement is bound to its own shop", async () => {
    const scene = await Scene.open(12);
    const inside = new Set<string>();
    let together = 0;
    const wrong: string[] = [];
    const engine = recorder(async ({ tenant_id, seq }, { db }) => {
      if (inside.has(tenant_id)) wrong.push(`two of ${tenant_id}`);
      inside.add(tenant_id);
      together = Math.max(together, inside.size);
      for (let i = 0; i < 1 + (seq % 4); i++) {
        // Several statements under way at once, and turns of the event loop between: handlers mix in many ways.
        const asked = Array.from({ length: 1 + ((seq + i) % 3) }, () => db.query<{ tenant_id: string }>(BOUND_TO));
        for (const [row] of await Promise.all(asked)) if (row?.tenant_id !== tenant_id) wrong.push(`${row?.tenant_id}`);
        for (let turn = 0; turn < (seq * 7 + i) % 5; turn++) await Promise.resolve();
      }
      inside.delete(tenant_id);
    });
    await scene.install(engine);
    const events = Array.from({ length: 240 }, (_, i) => ({ tenant: (i * 5) % 12, key: `k${i % 6}`, note: `${i}` }));
    await scene.write(events);
    await scene.publish();
    const host = await scene.host(engine);
    await scene.settled(engine.name);
    const rows = await scene.admin.query<{ tenant_id: string; note: string }>(HANDLED);
    expect(wrong).toEqual([]);
    expect(together).toBeGreaterThan(1);
    expect(host.instance.stats?.failures).toBe(0);
    expect(rows.map(({ tenant_id, note }) => `${note} ${tenant_id}`).toSorted()).toEqual(
      events.map(({ tenant, note }) => `${note} ${scene.tenants[tenant]}`).toSorted(),
    );
    for (const mine of Map.groupBy(rows, ({ tenant_id }) => tenant_id).values()) {
      const notes = mine.map(({ note }) => Number(note));
      expect(notes).toEqual(notes.toSorted((a, b) => a - b));
    }
    await scene.close();
  });

  test("share a transaction that no handler can end or undo", async () => {
    const scene = await Scene.open(2);
    const refused: string[] = [];
    const statements = ["commit", " ROLLBACK", "-- a\n/* b */ savepoint x", "Release x", "start  transaction", "end;"];
    const engine = recorder(
      async ({ payload }, { db }) => {
        if (payload.reason === "good") return void (await db.query("select 'commit' as commit_date"));
        for (const statement of statements) {
          await db.query(statement).catch((error: Error) => refused.push(`${statement}: ${error.message}`));
        }
      },
      { retry: { attempts: 1 } },
    );
    await scene.install(engine);
    await scene.write([
      { tenant: 0, key: "a", note: "good" },
      { tenant: 1, key: "a", note: "bad" },
    ]);
    await scene.publish();
    await scene.host(engine);
    await scene.settled(engine.name);
    refused.splice(statements.length);
    expect(refused).toEqual(
      statements.map(
        (statement) => `${statement}: the transaction is the host's: it commits when the call ends, or undoes it`,
      ),
    );
    expect(await scene.rows(HANDLED)).toHaveLength(1);
    expect(await scene.parked(engine.name)).toMatchObject([{ note: "bad", state: "dead" }]);
    await scene.close();
  });
});
