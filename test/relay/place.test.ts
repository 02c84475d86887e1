import { expect, test } from "bun:test";
import { PostgresDatabase } from "../../src/platform/database/postgres.ts";
import { RELAY } from "../../src/platform/database/roles.ts";
import { PostgresRelayStore } from "../../src/relay/postgres-store.ts";
import { LedgerChanged, RelayProgress } from "../../src/relay/progress.ts";
import type { StoredProgress } from "../../src/relay/relay-store.ts";
import { whenDone } from "../harness/cleanup.ts";
import { testDatabase } from "../harness/database.ts";
import { SimulatedLedger } from "./simulation/ledger.ts";
import { SimulatedStore } from "./simulation/store.ts";
import { World } from "./simulation/world.ts";

const REF = { stream: "shop", partition: 0 };

test("the place in Postgres never goes back, and belongs to one ledger", async () => {
  const { urls } = await testDatabase();
  const database = new PostgresDatabase({ url: urls.relay, application_name: "place", max: 1, role: RELAY });
  whenDone(() => database.close());
  const store = new PostgresRelayStore(database, "place", 5);
  const { incarnation } = await store.load();
  const save = (settled_seq: number, last_seq: number, of = incarnation) =>
    store.save({ incarnation: of, settled_seq, ends: [{ ...REF, last_seq }] });
  expect(await save(10, 9)).toBe(true);
  // As a relay does that stood still for a while.
  expect(await save(7, 6)).toBe(true);
  expect(await save(99, 99, "another ledger")).toBe(false);
  expect(await store.load()).toEqual({ incarnation, settled_seq: 10, ends: [{ ...REF, last_seq: 9 }] });
}, 60_000);

/** What has its answer has gone on when this returns. */
const turn = () => new Promise<void>((resolve) => setImmediate(resolve));

/** A store that notes what it is asked to save. */
class Noting extends SimulatedStore {
  readonly saved: StoredProgress[] = [];
  same = true;
  override async load(): Promise<StoredProgress> {
    return { incarnation: "1", settled_seq: 0, ends: [] };
  }
  override async save(progress: StoredProgress): Promise<boolean> {
    this.saved.push(progress);
    return this.same;
  }
}

test("the place is written five times a second at most, and at once when the relay ends", async () => {
  const process = { name: "relay", state: "running" as const, losses: 0 };
  const store = new Noting(new World([]), new SimulatedLedger(), process);
  let now = 1000;
  const progress = new RelayProgress(store, { now: () => now, after: () => () => undefined });
  await progress.load();
  for (let seq = 1; seq <= 100; seq++) {
    now += 10;
    progress.published(REF, seq);
    progress.settled(seq);
    progress.write();
    // What is beside ends before the next turn.
    await turn();
  }
  expect(store.saved.length).toBe(5);
  await progress.finish();
  expect(store.saved.at(-1)).toMatchObject({ settled_seq: 100, ends: [{ ...REF, last_seq: 100 }] });
  store.same = false;
  progress.published(REF, 101);
  await expect(progress.finish()).rejects.toBeInstanceOf(LedgerChanged);
});

test("one write of the place at a time; what came meanwhile is in the next, and a ledger that is another one is told", async () => {
  const process = { name: "relay", state: "running" as const, losses: 0 };
  const store = new Noting(new World([]), new SimulatedLedger(), process);
  let answer: () => void = () => undefined;
  const slow = Object.assign(store, {
    save: async (place: StoredProgress) => {
      store.saved.push(place);
      await new Promise<void>((resolve) => {
        answer = resolve;
      });
      return store.same;
    },
  });
  let now = 1000;
  const progress = new RelayProgress(slow, { now: () => now, after: () => () => undefined });
  await progress.load();
  const publish = (seq: number) => {
    now += 1000;
    progress.published(REF, seq);
    progress.settled(seq);
    progress.write();
  };
  publish(1);
  publish(2);
  expect(store.saved.map(({ settled_seq }) => settled_seq)).toEqual([1]);
  // Nothing can be written now, and who waits for the time to write would not wait at all.
  expect(progress.due_ms).toBeUndefined();
  answer();
  await turn();
  store.same = false;
  publish(3);
  expect(store.saved.map(({ settled_seq }) => settled_seq)).toEqual([1, 3]);
  answer();
  await turn();
  expect(() => publish(4)).toThrow(LedgerChanged);
});
