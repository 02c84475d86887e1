import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { Type } from "typebox";
import { startReplay } from "../../src/engine-host/replay.ts";
import type { EngineDefinition } from "../../src/sdk/index.ts";
import { until } from "../harness/until.ts";
import { HANDLED, recorder } from "./recorder.ts";
import { Scene } from "./scene.ts";

let scene: Scene;
beforeEach(async () => {
  scene = await Scene.open(6);
});
afterEach(() => scene.close());

const old = recorder();

/** As `recorder`, which also hears of prices, and remembers them in a table of its own. */
const next: EngineDefinition = {
  ...old,
  version: "1.1.0",
  migrations: [
    ...(old.migrations ?? []),
    { id: "0002_priced", up: "create table priced (tenant_id uuid not null, key text not null)" },
    { id: "0003_origin", up: "alter table handled add column origin text not null default 'live'" },
  ],
  subscriptions: {
    construction: {
      ...old.subscriptions.construction,
      product_price_updated: async ({ tenant_id, key }, { db }) => {
        await db.query("insert into priced values ($1, $2)", [tenant_id, key]);
      },
    },
  },
};

const everyTenant = (note: string, event_type: string) =>
  scene.tenants.map((_, tenant) => ({ tenant, key: `k${tenant % 2}`, note, event_type }));
const priced = async () => (await scene.rows("select 1 from engine_recorder.priced")).length;
const replayNeeded = async () =>
  (await scene.rows("select replay_needed from engine where name = 'recorder'"))[0]?.replay_needed;

describe("two versions of an engine during a rolling deploy", () => {
  test("share its partitions: each event once; what only the new one hears is whole after the replay it asks for", async () => {
    await scene.install(old);
    const before = await scene.host(old);
    await scene.write(everyTenant("before", "stock_updated"));
    await scene.publish();
    await scene.settled("recorder");
    expect(await replayNeeded()).toBeNull();

    await expect(scene.host(next)).rejects.toThrow("engine recorder 1.1.0 is not installed here");
    await scene.install(next);
    expect(await replayNeeded()).toContain("version 1.1.0 also subscribes to construction.product_price_updated");
    // The old one passes over what it does not know, on the schema of the new one.
    await scene.write(everyTenant("old", "product_price_updated"));
    await scene.write(everyTenant("beside", "stock_updated"));
    await scene.publish();
    await scene.settled("recorder");
    expect(await priced()).toBe(0);

    const after = await scene.host(next);
    await until(() => after.instance.stats?.partitions === 2, { what: "the new one to have its share" });
    // An old one may still be started beside it.
    const late = await scene.host(old);
    for (let i = 0; i < 5; i++) await scene.write(everyTenant(`both ${i}`, "stock_updated"));
    await scene.publish();
    await scene.settled("recorder");
    await Promise.all([before.stop(), late.stop()]);
    await until(() => after.instance.stats?.partitions === 4, { what: "the new one to have all" });
    await scene.write(everyTenant("new", "product_price_updated"));
    await scene.publish();
    await scene.settled("recorder");
    expect(await priced()).toBe(6);
    const rows = await scene.rows(HANDLED);
    expect(rows.length).toBe(6 * 7);
    expect(new Set(rows.map(({ seq }) => seq)).size).toBe(6 * 7);

    await startReplay(scene.admin, "recorder", false);
    await scene.settled("recorder");
    expect(await priced()).toBe(12);
    expect(await scene.rows(HANDLED)).toHaveLength(6 * 7);
    expect(await replayNeeded()).toBeNull();
  });
});

describe("two versions of a contract", () => {
  /** Version 2 says in a field of its own what version 1 had in `reason`. */
  const contracts = {
    construction: {
      stock_updated: {
        version: 2,
        key: "product_id",
        payload: Type.Object({ reason: Type.String() }),
        upcasters: {
          1: (payload: unknown) => ({
            reason: `upcast ${typeof payload === "object" && payload && "reason" in payload ? payload.reason : ""}`,
          }),
        },
      },
    },
  };

  test("an older program lays the newer event aside, the newer takes it up when it comes and lifts the older", async () => {
    await scene.install(old);
    const before = await scene.host(old);
    await scene.write([
      { tenant: 0, key: "a", note: "1" },
      { tenant: 0, key: "a", note: "2", version: 2 },
      { tenant: 0, key: "a", note: "3" },
      { tenant: 0, key: "b", note: "4" },
    ]);
    await scene.publish();
    await until(async () => (await scene.rows(HANDLED)).length === 2, { what: "all that is known" });
    expect(await scene.parked("recorder")).toEqual([
      { key: "a", note: "2", state: "parked", attempts: 0, error_code: "version_unknown" },
      { key: "a", note: "3", state: "parked", attempts: 0, error_code: null },
    ]);
    await before.stop();
    await scene.host(old, contracts);
    await scene.settled("recorder");
    const handled = (await scene.rows(HANDLED)).map(({ key, note }) => `${key} ${note}`);
    expect(handled).toEqual(["a 1", "b 4", "a 2", "a upcast 3"]);
  });

  test("an event whose version nothing leads on from is laid aside, not lost", async () => {
    await scene.install(old);
    const { stock_updated } = contracts.construction;
    await scene.host(old, { construction: { stock_updated: { ...stock_updated, upcasters: {} } } });
    await scene.write([{ tenant: 0, key: "a", note: "1" }]);
    await scene.publish();
    await until(async () => (await scene.parked("recorder")).length === 1, { what: "the event to be laid aside" });
    expect(await scene.parked("recorder")).toMatchObject([{ state: "parked", error_code: "version_unknown" }]);
  });
});
