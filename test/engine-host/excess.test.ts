import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import type { EngineInstance } from "../../src/engine-host/instance.ts";
import { Type } from "../../src/sdk/index.ts";
import { until } from "../harness/until.ts";
import { recorder } from "./recorder.ts";
import { Scene } from "./scene.ts";

const MEGABYTE = 1024 * 1024;

describe("an engine that gives too much", () => {
  let scene: Scene;
  beforeAll(async () => {
    scene = await Scene.open(1);
  }, 60_000);
  afterAll(() => scene.close());

  const ask = async (instance: EngineInstance, path: string) => {
    const tenant_id = scene.tenants[0] ?? "";
    const colours = { logo_url: null, primary_color: "#1a73e8", secondary_color: "#ea4335" };
    const names = { slug: "shop-0", name: "Shop", time_zone: "UTC", locale: "en" as const };
    const tenant = { tenant_id, ...names, ...colours, active: true, features: {} };
    const actor = { id: tenant_id, role: "admin" as const };
    return await instance.handle({ request_id: "r", method: "GET", path, body: null, tenant, actor });
  };

  test("in a route is answered for with the reason, and what the route wrote is undone", async () => {
    const endless = (pause_ms: number) =>
      new ReadableStream({
        async pull(controller) {
          await Bun.sleep(pause_ms);
          controller.enqueue(new Uint8Array(pause_ms === 0 ? MEGABYTE : 1));
        },
      });
    const write = "insert into handled (tenant_id, event_id, seq, key) values ($1, $1, 0, 'route')";
    const engine = recorder(undefined, {
      handler_timeout_ms: 2000,
      routes: (app) =>
        app
          .get("/huge", async ({ db, tenant }) => {
            await db.query(write, [tenant.tenant_id]);
            return "x".repeat(11 * MEGABYTE);
          })
          .get("/large", () => "x".repeat(9 * MEGABYTE))
          .get("/flood", () => new Response(endless(0)))
          .get("/drip", () => new Response(endless(20))),
    });
    await scene.install(engine);
    const { instance } = await scene.host(engine);
    const told = async (path: string) => {
      const { status, body } = await ask(instance, path);
      return { status, type: JSON.parse(new TextDecoder().decode(body)).type };
    };
    const tooLarge = { status: 500, type: "urn:basecommerce:problem:engine_answer_too_large" };
    expect(await told("/huge")).toEqual(tooLarge);
    expect(await told("/flood")).toEqual(tooLarge);
    expect(await told("/drip")).toEqual({ status: 503, type: "urn:basecommerce:problem:engine_timeout" });
    const large = await ask(instance, "/large");
    expect({ status: large.status, bytes: large.body.byteLength }).toEqual({ status: 200, bytes: 9 * MEGABYTE });
    expect(await scene.rows("select key from engine_recorder.handled")).toEqual([]);
  }, 60_000);

  test("in an event of its own sees its cause laid aside, and others go on", async () => {
    const emitting = recorder(undefined, {
      name: "loud",
      emits: { cry: { version: 1, key: "id", payload: Type.Object({ id: Type.String(), text: Type.String() }) } },
      subscriptions: {
        construction: {
          stock_updated: async ({ key, payload }, { emit }) => {
            emit("cry", { id: key, text: "x".repeat(payload.reason === "much" ? 2 * MEGABYTE : 10) });
          },
        },
      },
    });
    await scene.install(emitting);
    await scene.write([
      { tenant: 0, key: "a", note: "much" },
      { tenant: 0, key: "b", note: "little" },
    ]);
    await scene.publish();
    await scene.host(emitting);
    await scene.settled("loud");
    expect(await scene.rows("select key from event_log where stream = 'loud'")).toEqual([{ key: "b" }]);
    expect(await scene.rows("select key, state, error_message from parked_event where engine = 'loud'")).toEqual([
      { key: "a", state: "dead", error_message: expect.stringContaining("a payload of cry has 2") },
    ]);
  }, 60_000);

  test("time in a job that heeds no signal never has two runs at once", async () => {
    const runs: { end: () => void }[] = [];
    const engine = recorder(undefined, {
      name: "deaf",
      jobs: {
        deaf: {
          every: "100ms",
          timeout_ms: 50,
          run: () => {
            const { promise, resolve } = Promise.withResolvers<void>();
            runs.push({ end: resolve });
            return promise;
          },
        },
      },
    });
    await scene.install(engine);
    const looks = async () => {
      const [row] = await scene.rows("select lease_until::text as until from lease where name = 'job deaf deaf'");
      return row?.until;
    };
    await scene.host(engine);
    const problem = "select 1 from engine_job where engine = 'deaf' and error_message = 'took longer than 50 ms'";
    await until(async () => (await scene.rows(problem)).length === 1, { what: "the run to be given up" });
    // Each look at the job renews its lease: three went by, and it was due at each.
    for (let i = 0; i < 3; i++) {
      const before = await looks();
      await until(async () => (await looks()) !== before, { what: "the host to look at the job again" });
    }
    expect(runs).toHaveLength(1);
    runs[0]?.end();
    await until(() => runs.length === 2, { what: "the next run" });
    runs[1]?.end();
  }, 60_000);
});
