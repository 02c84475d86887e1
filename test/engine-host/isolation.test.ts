import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { codeOf } from "../../src/platform/database/errors.ts";
import { recorder } from "./recorder.ts";
import { Scene } from "./scene.ts";

describe("a plugin's SQL", () => {
  let scene: Scene;
  beforeAll(async () => {
    scene = await Scene.open(1);
    await scene.install(recorder());
    await scene.install(recorder(undefined, { name: "neighbour" }));
  });
  afterAll(() => scene.close());

  const refused = async (...statements: string[]) => {
    const running = scene.asEngines("engine_recorder", async (query) => {
      for (const statement of statements) await query(statement);
    });
    return codeOf(await running.catch((error: unknown) => error));
  };

  test("works in its own schema", async () => {
    expect(await refused("select * from engine_recorder.handled")).toBeUndefined();
  });

  for (const table of ["users", "tenants", "products", "orders", "customers", "sessions"]) {
    test(`does not reach ${table}, not even after giving its role back`, async () => {
      expect(await refused(`select * from public.${table}`)).toBe("42501");
      expect(await refused("reset role", `select * from public.${table}`)).toBe("42501");
      expect(await refused("set role none", `select * from public.${table}`)).toBe("42501");
    });
  }

  test("does not become somebody who may more", async () => {
    for (const role of ["basecommerce_owner", "basecommerce_vertical", "basecommerce_relay"]) {
      expect(await refused(`set role ${role}`)).toBe("42501");
      expect(await refused("reset role", `set role ${role}`)).toBe("42501");
    }
  });

  test("does not read its neighbour's schema, nor make tables, roles or functions", async () => {
    expect(await refused("select * from engine_neighbour.handled")).toBe("42501");
    expect(await refused("create table engine_recorder.mine (a int)")).toBe("42501");
    expect(await refused("create table public.mine (a int)")).toBe("42501");
    expect(await refused("create role mine")).toBe("42501");
  });
});

describe("an engine whose table has no tenant", () => {
  test("is not installed", async () => {
    const scene = await Scene.open(1);
    const engine = recorder(undefined, {
      name: "careless",
      migrations: [{ id: "0001_all", up: "create table everything (a int)" }],
    });
    await expect(scene.install(engine)).rejects.toThrow("has no column tenant_id uuid not null");
    await scene.close();
  });
});
