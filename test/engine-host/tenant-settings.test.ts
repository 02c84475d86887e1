import { expect, test } from "bun:test";
import { Type } from "typebox";
import { configErrors, manifestOf } from "../../src/engine-host/manifest.ts";
import { changeSetting, readSetting, TenantSettings } from "../../src/engine-host/tenant-settings.ts";
import { ENGINES } from "../../src/platform/database/roles.ts";
import { whenDone } from "../harness/cleanup.ts";
import { until } from "../harness/until.ts";
import { recorder } from "./recorder.ts";
import { Scene } from "./scene.ts";

test("a shop's setting is never waited for while the shop is busy, and a change of it is seen all the same", async () => {
  const scene = await Scene.open(2);
  whenDone(() => scene.close());
  const engine = recorder();
  await scene.install(engine);
  const manifest = manifestOf(engine);
  const settings = new TenantSettings(scene.admin, manifest);
  const [busy = "", quiet = ""] = scene.tenants;
  const load = (tenants: string[]) => scene.admin.transaction({ role: ENGINES }, (tx) => settings.load(tx, tenants));
  await load([busy, quiet]);
  const began = performance.now();
  let waits = 0;
  const look = () => {
    const enabled = settings.kept([busy])?.get(busy)?.enabled;
    if (enabled === undefined) waits++;
    return enabled;
  };
  expect(look()).toBe(true);
  await scene.admin.transaction({ role: ENGINES }, (tx) => changeSetting(tx, manifest, busy, { enabled: false }));
  await until(() => look() === false, { what: "the change to be seen", every: 5 });
  await until(() => look() === false && performance.now() - began > 1500, { what: "it to be old", every: 5 });
  expect(waits).toBe(0);
  expect(settings.kept([quiet])).toBeUndefined();
});

test("what was read before a setting was forgotten is not kept", async () => {
  const scene = await Scene.open(1);
  whenDone(() => scene.close());
  const engine = recorder();
  await scene.install(engine);
  const settings = new TenantSettings(scene.admin, manifestOf(engine));
  const [tenant = ""] = scene.tenants;
  await scene.admin.transaction({ role: ENGINES }, async (tx) => {
    const loading = settings.load(tx, [tenant]);
    settings.forget(tenant);
    expect((await loading).get(tenant)?.enabled).toBe(true);
    expect((await readSetting(tx, manifestOf(engine), tenant)).enabled).toBe(true);
  });
  expect(settings.kept([tenant])).toBeUndefined();
});

test("of a setting that does not fit a few places are told, also where their names mean something to every object", () => {
  const { config } = manifestOf(recorder(undefined, { config: Type.Object({ days: Type.Integer({ default: 3 }) }) }));
  const many = Object.fromEntries(Array.from({ length: 1000 }, (_, i) => [`k${i}`, i]));
  expect(configErrors(config, many)).toHaveLength(20);
  expect(configErrors(config, { constructor: 1 })).toEqual([
    { path: "/config/constructor", message: "is not a setting of this engine" },
  ]);
  expect(configErrors(config, { days: "x" })).toMatchObject([{ path: "/config/days" }]);
  expect(configErrors(config, {})).toEqual([]);
});

test("an engine is off where a property without a default is unset, whatever was switched", async () => {
  const scene = await Scene.open(1);
  whenDone(() => scene.close());
  const config = Type.Object({ recipient: Type.String({ format: "email" }), copies: Type.Integer({ default: 1 }) });
  const engine = recorder(undefined, { config });
  await scene.install(engine);
  const manifest = manifestOf(engine);
  const [tenant = ""] = scene.tenants;
  const look = () => scene.admin.transaction({ role: ENGINES }, (tx) => readSetting(tx, manifest, tenant));
  const change = async (setting: { enabled: boolean; config?: Record<string, unknown> }) => {
    await scene.admin.transaction({ role: ENGINES }, (tx) => changeSetting(tx, manifest, tenant, setting));
    return await look();
  };
  const unset = { errors: [{ path: "/config/recipient", message: "has no default: it must be set" }] };
  const off = { enabled: false, config: { copies: 1 }, unset: ["recipient"] };
  expect(await look()).toEqual(off);
  await expect(change({ enabled: true })).rejects.toMatchObject(unset);
  await expect(change({ enabled: true, config: { copies: 2 } })).rejects.toMatchObject(unset);
  await expect(change({ enabled: true, config: { recipient: "nobody" } })).rejects.toMatchObject({
    errors: [{ path: "/config/recipient" }],
  });
  expect(await change({ enabled: false, config: { copies: 2 } })).toMatchObject({ enabled: false });
  const set = { recipient: "buyer@shop.test", copies: 1 };
  expect(await change({ enabled: true, config: { recipient: "buyer@shop.test" } })).toEqual({
    ...{ enabled: true, config: set, unset: [] },
  });
  expect(await change({ enabled: false })).toMatchObject({ enabled: false, config: set });
  expect(await change({ enabled: true })).toMatchObject({ enabled: true, config: set });
});
