import { afterEach, beforeEach, expect, test } from "bun:test";
import { partitionOf } from "../../src/platform/events/partition.ts";
import { until } from "../harness/until.ts";
import { HANDLED, recorder } from "./recorder.ts";
import { Scene } from "./scene.ts";

let scene: Scene;
beforeEach(async () => {
  scene = await Scene.open(12);
});
afterEach(() => scene.close());

const FLOOD = 2000;

/** How much of the flood was handled before the one event with the note `one`. */
async function handledBefore(note: string): Promise<number> {
  const rows = await scene.rows(HANDLED);
  return rows.findIndex((row) => row.note === note);
}

test("a flood of one tenant's events delays a tenant of another partition by a batch at most", async () => {
  const engine = recorder(undefined, { batch_size: 50 });
  await scene.install(engine);
  const partitions = scene.tenants.map((tenant) => partitionOf(tenant, 4));
  const other = partitions.findIndex((partition) => partition !== partitions[0]);
  expect(other).toBeGreaterThan(0);
  await scene.write(Array.from({ length: FLOOD }, (_, i) => ({ tenant: 0, key: `k${i}`, note: "flood" })));
  await scene.write([{ tenant: other, key: "a", note: "one" }]);
  await scene.publish();
  // From the streams, as in ordinary life: the positions are made before.
  await scene.host(engine);
  await scene.settled("recorder", 60_000);
  expect(await scene.rows(HANDLED)).toHaveLength(FLOOD + 1);
  expect(await handledBefore("one")).toBeLessThanOrEqual(50 * 2);
});

test("a flood whose handlers are slow delays a tenant of another partition by a fraction of it", async () => {
  const slow = 400;
  const engine = recorder(({ payload }) => (payload.reason === "flood" ? Bun.sleep(10) : undefined), {
    batch_size: slow,
  });
  await scene.install(engine);
  const partitions = scene.tenants.map((tenant) => partitionOf(tenant, 4));
  const other = partitions.findIndex((partition) => partition !== partitions[0]);
  await scene.host(engine);
  await scene.write(Array.from({ length: slow }, (_, i) => ({ tenant: 0, key: `k${i}`, note: "flood" })));
  await scene.publish();
  await until(async () => (await scene.rows(HANDLED)).length > 0, { what: "the first of the flood" });
  await scene.write([{ tenant: other, key: "a", note: "one" }]);
  await scene.publish();
  await scene.settled("recorder", 60_000);
  const before = await handledBefore("one");
  expect(before).toBeGreaterThan(0);
  expect(before).toBeLessThan(slow / 2);
});

test("a tenant's failing events hold up nobody else's, also in its partition", async () => {
  const failing = new Set<string>();
  const engine = recorder(
    ({ tenant_id }) => {
      if (failing.has(tenant_id)) throw new Error("this tenant's data");
    },
    { retry: { attempts: 1000, first_pause_ms: 200, longest_pause_ms: 1000 } },
  );
  await scene.install(engine);
  const partitions = scene.tenants.map((tenant) => partitionOf(tenant, 4));
  // More tenants than partitions: two of them share one.
  const neighbour = partitions.findIndex((partition, i) => partitions.indexOf(partition) < i);
  const culprit = partitions.indexOf(partitions[neighbour] ?? -1);
  failing.add(scene.tenants[culprit] ?? "");
  await scene.host(engine);
  const events = Array.from({ length: 40 }, (_, i) => ({
    tenant: i % 4 === 0 ? culprit : neighbour,
    key: `k${i}`,
    note: `n${i}`,
  }));
  await scene.write(events);
  await scene.publish();
  const handled = async () => (await scene.rows(HANDLED)).length;
  await until(async () => (await handled()) === 30, { what: "the neighbour's events" });
  expect(await scene.parked("recorder")).toHaveLength(10);
  failing.clear();
  await scene.settled("recorder");
  expect(await handled()).toBe(40);
});
