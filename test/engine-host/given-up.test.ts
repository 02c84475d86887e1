import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import type { EngineDb } from "../../src/sdk/index.ts";
import { until } from "../harness/until.ts";
import { recorder } from "./recorder.ts";
import { Scene } from "./scene.ts";

/** More than an engine has connections. */
const MANY = 5;
const never = () => new Promise<never>(() => undefined);

describe("an engine's code that does not come to an end", () => {
  let scene: Scene;
  beforeEach(async () => {
    scene = await Scene.open(2);
  }, 60_000);
  afterEach(() => scene.close());

  const goesOn = async () => {
    await scene.write([{ tenant: 0, key: "a", note: "after" }]);
    await scene.publish();
    await scene.settled("recorder");
  };

  test("in a route is answered for, and keeps no connection", async () => {
    const engine = recorder(undefined, {
      handler_timeout_ms: 100,
      routes: (app) =>
        app.get("/never", never).get("/now", async ({ db }) => (await db.query("select 'here' as word"))[0]),
    });
    await scene.install(engine);
    const { instance } = await scene.host(engine);
    const ask = async (path: string) => {
      const tenant_id = scene.tenants[0] ?? "";
      const colours = { logo_url: null, primary_color: "#1a73e8", secondary_color: "#ea4335" };
      const names = { slug: "shop-0", name: "Shop", time_zone: "UTC", locale: "en" as const };
      const tenant = { tenant_id, ...names, ...colours, active: true, features: {} };
      const actor = { id: tenant_id, role: "admin" as const };
      const { status, body } = await instance.handle({
        ...{ request_id: "r", method: "GET", path, body: null, tenant, actor },
      });
      return { status, body: JSON.parse(new TextDecoder().decode(body)) };
    };
    const answers = await Promise.all(Array.from({ length: MANY }, () => ask("/never")));
    for (const { status, body } of answers) {
      expect({ status, type: body.type }).toEqual({ status: 503, type: "urn:basecommerce:problem:engine_timeout" });
    }
    expect(await ask("/now")).toEqual({ status: 200, body: { word: "here" } });
    await goesOn();
  });

  test("in a job's transaction is given up with its run, and keeps no connection", async () => {
    let runs = 0;
    const engine = recorder(undefined, {
      jobs: {
        stuck: {
          every: "100ms",
          timeout_ms: 100,
          run: async ({ transaction }) => {
            runs++;
            await transaction(scene.tenants[0] ?? "", never);
          },
        },
      },
    });
    await scene.install(engine);
    await scene.host(engine);
    await until(() => runs > MANY, { what: "the job to run again and again", timeout: 20_000 });
    await goesOn();
  }, 60_000);

  test("in a statement is ended by the server", async () => {
    const limits: unknown[] = [];
    const engine = recorder(async (_, { db }) => void limits.push(...(await db.query("show statement_timeout"))), {
      handler_timeout_ms: 1000,
    });
    await scene.install(engine);
    await scene.host(engine);
    await goesOn();
    expect(limits).toEqual([{ statement_timeout: "6s" }]);
  });

  test("is not waited for with a db that others work with by then", async () => {
    const kept: EngineDb[] = [];
    const problems: unknown[] = [];
    const engine = recorder(async (_, { db }) => {
      await kept[0]?.query("select 1").catch((error: unknown) => problems.push(error));
      kept.push(db);
    });
    await scene.install(engine);
    await scene.write([
      { tenant: 0, key: "a", note: "1" },
      { tenant: 0, key: "a", note: "2" },
    ]);
    await scene.publish();
    await scene.host(engine);
    await scene.settled("recorder");
    expect(problems.map(String)).toEqual([expect.stringContaining("await every query, keep no db")]);
  });
});
