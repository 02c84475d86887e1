import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { dropDead } from "../../src/engine-host/dead-letters.ts";
import { startReplay } from "../../src/engine-host/replay.ts";
import { defineEngine, type EngineDb, type EngineDefinition, Type } from "../../src/sdk/index.ts";
import { until } from "../harness/until.ts";
import { Scene } from "./scene.ts";

let scene: Scene;
/** Notes of events that fail. */
let bad: Set<string>;
beforeEach(async () => {
  scene = await Scene.open(2);
  bad = new Set();
});
afterEach(() => scene.close());

type Event = { tenant_id: string; key: string; payload: { reason: string | null } };
const HANDLED = `create table handled (tenant_id uuid not null, place bigint generated always as identity, note text,
                   replaying boolean)`;

const common = {
  version: "1.0.0",
  description: "Says again what it heard",
  from: "beginning" as const,
  retry: { attempts: 1 },
  migrations: [{ id: "0001_handled", up: HANDLED }],
  emits: { heard: { version: 1, key: "note", payload: Type.Object({ note: Type.String() }) } },
};

async function handle({ tenant_id, payload }: Event, db: EngineDb, replaying: boolean): Promise<{ note: string }> {
  const note = payload.reason ?? "";
  if (bad.has(note)) throw new Error(`no ${note}`);
  await db.query("insert into handled (tenant_id, note, replaying) values ($1, $2, $3)", [tenant_id, note, replaying]);
  return { note };
}

const single = defineEngine({
  ...common,
  name: "echo-one",
  subscriptions: {
    construction: {
      stock_updated: async (event, { db, emit, replaying }) => emit("heard", await handle(event, db, replaying)),
    },
  },
}) as EngineDefinition;

const batch = defineEngine({
  ...common,
  name: "echo-all",
  subscriptions: {
    construction: {
      event_types: ["stock_updated"],
      batch: async (events, { db, emit, replaying }) => {
        for (const event of events) {
          if (event.event_type === "stock_updated") emit(event, "heard", await handle(event, db, replaying));
        }
      },
    },
  },
}) as EngineDefinition;

async function write(notes: string): Promise<void> {
  await scene.write(notes.split(" ").map((note) => ({ tenant: 0, key: note.slice(0, 1), note })));
  await scene.publish();
}

describe.each([
  ["one by one", single],
  ["in batches", batch],
] as const)("a replay over events that had failed, %s", (_, engine) => {
  const { name } = engine;
  const schema = `engine_${name.replace("-", "_")}`;
  /** Handled, in order; what was read again in brackets. */
  const handled = async () =>
    (await scene.rows(`select note, replaying from ${schema}.handled order by place`))
      .map(({ note, replaying }) => (replaying ? `(${note})` : `${note}`))
      .join(" ");
  const emitted = async () =>
    (await scene.rows(`select key from event_log where stream = '${name}' order by key`))
      .map(({ key }) => key)
      .join(" ");
  const failed = async () => (await scene.parked(name)).map(({ note }) => note).join(" ");

  test("handles them for the first time, in their order, and publishes what they bring about, once", async () => {
    bad = new Set(["a2", "b1"]);
    await scene.install(engine);
    await scene.host(engine);
    await write("a1 a2 a3 b1 c1");
    await scene.settled(name);
    expect([await failed(), await emitted()]).toEqual(["a2 b1", "a1 a3 c1"]);
    bad.clear();
    await startReplay(scene.admin, name, false);
    await write("a4 b2");
    await scene.settled(name);
    expect(await handled()).toBe("(a1) a2 (a3) b1 (c1) a4 b2");
    expect([await failed(), await emitted()]).toEqual(["", "a1 a2 a3 a4 b1 b2 c1"]);
    await startReplay(scene.admin, name, false);
    await scene.settled(name);
    expect(await handled()).toBe("(a1) (a2) (a3) (b1) (c1) (a4) (b2)");
    expect(await emitted()).toBe("a1 a2 a3 a4 b1 b2 c1");
  });

  test("knows them still when they fail in it again, or it is begun anew; what was handled before it is not new by failing", async () => {
    bad = new Set(["a2", "b1"]);
    await scene.install(engine);
    const first = await scene.host(engine);
    await write("a1 a2 b1 c1");
    await scene.settled(name);
    await first.stop();
    // Begun twice before anybody came to anything.
    await startReplay(scene.admin, name, false);
    await startReplay(scene.admin, name, false);
    bad = new Set(["a2", "c1"]);
    await scene.host(engine);
    await scene.settled(name);
    expect(await handled()).toBe("(a1) b1");
    expect([await failed(), await emitted()]).toEqual(["a2 c1", "a1 b1 c1"]);
    bad.clear();
    await startReplay(scene.admin, name, false);
    await scene.settled(name);
    expect(await handled()).toBe("(a1) a2 (b1) (c1)");
    expect(await emitted()).toBe("a1 a2 b1 c1");
  });

  test("tells one that is tried again what it was told before", async () => {
    const patient: EngineDefinition = { ...engine, retry: { attempts: 1000, first_pause_ms: 1, longest_pause_ms: 20 } };
    bad = new Set(["a1", "b1"]);
    await scene.install(patient);
    await scene.host(patient);
    await write("a1 b1 c1");
    await until(async () => (await failed()) === "a1 b1" && (await handled()) === "c1", {
      what: "two to wait, one not",
    });
    bad = new Set(["a1", "b1", "c1"]);
    await startReplay(scene.admin, name, false);
    await until(async () => (await failed()) === "a1 b1 c1", { what: "all to wait" });
    bad.clear();
    await scene.settled(name);
    expect((await handled()).split(" ").sort()).toEqual(["(c1)", "a1", "b1"]);
    expect(await emitted()).toBe("a1 b1 c1");
    expect(await scene.rows("select 1 from engine_unhandled")).toEqual([]);
  });

  test("leaves out what somebody has dropped meanwhile", async () => {
    bad = new Set(["a1"]);
    await scene.install(engine);
    await scene.host(engine);
    await write("a1 b1");
    await scene.settled(name);
    await startReplay(scene.admin, name, false);
    await scene.settled(name);
    expect(await failed()).toBe("a1");
    await scene.admin.transaction({}, (tx) => dropDead(tx, { engine: name }));
    bad.clear();
    await startReplay(scene.admin, name, false);
    await scene.settled(name);
    expect(await handled()).toBe("(a1) (b1)");
    expect(await emitted()).toBe("b1");
  });
});
