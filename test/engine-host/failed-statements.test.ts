import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import type { EngineRequest } from "../../src/engine-host/engine-routes.ts";
import { conflict, type EngineDb, type EngineDefinition } from "../../src/sdk/index.ts";
import { until } from "../harness/until.ts";
import { recorder } from "./recorder.ts";
import { type Host, Scene } from "./scene.ts";

const WRONG = "select 1 / 0";
const REASON = "division by zero";

let scene: Scene;
beforeEach(async () => {
  scene = await Scene.open(1);
});
afterEach(() => scene.close());

const kept = async () =>
  (await scene.rows("select key from engine_recorder.handled order by seq")).map(({ key }) => key);

describe.each<[string, (db: EngineDb) => Promise<unknown> | unknown]>([
  ["nobody waits for", (db) => void db.query(WRONG)],
  ["that is caught", (db) => db.query(WRONG).catch(() => "never mind")],
])("a statement that fails, and %s", (_, fail) => {
  test("fails its event, for its own reason, and nothing else", async () => {
    const engine = recorder(async ({ key }, { db }) => void (key === "bad" && (await fail(db))), {
      retry: { attempts: 1 },
    });
    await scene.install(engine);
    await scene.host(engine);
    await scene.write(["a", "bad", "b"].map((key) => ({ tenant: 0, key, note: "" })));
    await scene.publish();
    await scene.settled("recorder");
    expect(await kept()).toEqual(["a", "b"]);
    const [dead] = await scene.rows("select state, error_code, error_message from parked_event");
    expect(dead).toEqual({ state: "dead", error_code: "22012", error_message: REASON });
  });

  test("fails the transaction of a job, which hears of it", async () => {
    const heard: unknown[] = [];
    const engine = recorder(undefined, {
      jobs: {
        note: {
          every: "10ms",
          run: async ({ transaction }) => {
            const [tenant_id = ""] = scene.tenants;
            await transaction(tenant_id, async (db) => {
              await db.query(
                "insert into handled (tenant_id, event_id, seq, key) values ($1, gen_random_uuid(), 0, 'job')",
                [tenant_id],
              );
              await fail(db);
            }).catch((error) => heard.push(error instanceof Error ? error.message : error));
          },
        },
      },
    });
    await scene.install(engine);
    await scene.host(engine);
    await until(() => heard.length > 0, { what: "the job to have run" });
    expect(heard[0]).toBe(REASON);
    expect(await kept()).toEqual([]);
  });

  test("fails a request, unless that is answered with what it means", async () => {
    const engine = recorder(undefined, {
      routes: (app) =>
        app
          .post("/well", async ({ db }) => {
            await fail(db);
            return { done: true };
          })
          .post("/known", async ({ db }) => {
            await fail(db);
            throw conflict("known", "there is one already");
          }),
    } as Partial<EngineDefinition>);
    await scene.install(engine);
    const host = await scene.host(engine);
    expect([await asked(host, "/well"), await asked(host, "/known")]).toEqual([500, 409]);
    expect(await asked(host, "/well", "once")).toBe(500);
  });
});

async function asked(host: Host, path: string, key: string | null = null): Promise<number> {
  const request: EngineRequest = {
    ...{ request_id: "r", method: "POST", path, body: null, key },
    tenant: {
      ...{ tenant_id: scene.tenants[0] ?? "", slug: "shop-0", name: "shop-0", time_zone: "UTC", locale: "en" },
      ...{ active: true, logo_url: null, primary_color: "#1a73e8", secondary_color: "#ea4335", features: {} },
    },
    actor: { id: "018f0000-0000-7000-8000-000000000001", role: "seller" },
  };
  return (await host.instance.handle(request)).status;
}
