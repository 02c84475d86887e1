import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import type { EngineRequest } from "../../src/engine-host/engine-routes.ts";
import { conflict, defineEngine, type EngineDefinition, Type, t } from "../../src/sdk/index.ts";
import { until } from "../harness/until.ts";
import { type Host, Scene } from "./scene.ts";

const TRACE = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
const TOLD = `select event_type, tenant_id, partition, key, payload, hops, causation_id, trace
              from event_log where stream = 'notes' order by seq`;

const SELLER = "018f0000-0000-7000-8000-000000000001";

let emit_later: () => void = () => undefined;

const notes = defineEngine({
  name: "notes",
  version: "1.0.0",
  description: "Keeps notes, and tells of them",
  from: "beginning",
  emits: {
    noted: { version: 2, key: "text", payload: Type.Object({ text: Type.String({ maxLength: 10 }) }) },
    reminded: { version: 1, key: "text", payload: Type.Object({ text: Type.String() }) },
  },
  migrations: [
    {
      id: "0001_note",
      up: "create table note (tenant_id uuid not null, text text not null, reminded boolean not null default false)",
    },
  ],
  tables: { kept: ["note"] },
  subscriptions: {},
  jobs: {
    remind: {
      every: "500ms",
      run: async ({ everywhere, transaction }) => {
        const due = await everywhere((db) =>
          db.query<{ tenant_id: string; text: string }>("select tenant_id, text from note where not reminded"),
        );
        for (const { tenant_id, text } of due) {
          if (!text.startsWith("due")) continue;
          const reminding = transaction(tenant_id, async (db, emit) => {
            emit("reminded", { text });
            await db.query("update note set reminded = true where text = $1", [text]);
            if (text === "due never") throw new Error("not now");
          });
          await reminding.catch(() => undefined);
        }
      },
    },
  },
  routes: (app) =>
    app.post(
      "/notes",
      async ({ body: { text }, db, tenant, emit }) => {
        await db.query("insert into note values ($1, $2)", [tenant.tenant_id, text]);
        emit("noted", { text });
        emit_later = () => emit("noted", { text: "late" });
        if (text === "refused") throw conflict("there_is_one", "there is one already");
        return { text };
      },
      { body: t.Object({ text: t.String() }) },
    ),
}) as EngineDefinition;

let scene: Scene;
let host: Host;
beforeEach(async () => {
  scene = await Scene.open(2);
  await scene.install(notes);
  host = await scene.host(notes);
});
afterEach(() => scene.close());

async function note(text: string, key?: string): Promise<number> {
  const tenant_id = scene.tenants[0] ?? "";
  const request: EngineRequest = {
    ...{ request_id: "r", method: "POST", path: "/notes", body: JSON.stringify({ text }), key: key ?? null },
    tenant: {
      ...{ tenant_id, slug: "shop-0", name: "shop-0", time_zone: "America/Sao_Paulo", locale: "pt-BR", active: true },
      ...{ logo_url: null, primary_color: "#1a73e8", secondary_color: "#ea4335", features: {} },
    },
    actor: { id: SELLER, role: "seller" },
    trace: TRACE,
  };
  return (await host.instance.handle(request)).status;
}

const kept = async () => (await scene.rows("select text from engine_notes.note")).map(({ text }) => text);
const told = async () => (await scene.rows(TOLD)).map(({ key }) => key);

describe("what a request emits", () => {
  test("is in the ledger with what it writes, in its shop's partition and its trace, and the relay is told", async () => {
    expect(await note("a")).toBe(200);
    const [tenant_id] = scene.tenants;
    const event = { event_type: "noted", tenant_id, key: "a", payload: { text: "a" }, hops: 1 };
    expect(await scene.rows(TOLD)).toEqual([
      { ...event, causation_id: null, trace: TRACE, partition: expect.any(Number) },
    ]);
    expect(await kept()).toEqual(["a"]);
    expect(scene.hints).toBe(1);
  });

  test("is not there where the request is refused, or what it emits does not fit", async () => {
    expect(await note("refused")).toBe(409);
    expect(await note("much too long")).toBe(500);
    expect([await kept(), await told(), scene.hints]).toEqual([[], [], 0]);
  });

  test("is there once for an Idempotency-Key", async () => {
    expect([await note("a", "k"), await note("a", "k"), await note("b", "k")]).toEqual([200, 200, 422]);
    expect([await kept(), await told()]).toEqual([["a"], ["a"]]);
  });

  test("is refused when the request was answered", async () => {
    await note("a");
    expect(() => emit_later()).toThrow("the call this emit was given to is over");
  });
});

describe("what a job emits", () => {
  test("commits with what it writes for the shop, or not at all; for a shop that has the engine off not at all", async () => {
    const off = scene.tenants[1] ?? "";
    await scene.admin.query("insert into engine_tenant values ('notes', $1, false, '{}')", [off]);
    await scene.admin.query("insert into engine_notes.note values ($1, 'due off')", [off]);
    for (const text of ["due never", "due one", "due two"]) await note(text);
    await until(async () => (await scene.rows("select from engine_notes.note where reminded")).length === 3, {
      what: "all but one to be reminded of",
    });
    const reminded = await scene.rows("select key from event_log where event_type = 'reminded' order by key");
    expect(reminded).toEqual([{ key: "due one" }, { key: "due two" }]);
  });
});
