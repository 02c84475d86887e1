import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { emittedId } from "../../src/engine-host/emitting.ts";
import { startReplay } from "../../src/engine-host/replay.ts";
import { defineEngine, type EngineDefinition, Type } from "../../src/sdk/index.ts";
import { until } from "../harness/until.ts";
import { HANDLED, recorder } from "./recorder.ts";
import { Scene } from "./scene.ts";

let scene: Scene;
beforeEach(async () => {
  scene = await Scene.open(2);
});
afterEach(() => scene.close());

const EMITTED =
  "select event_id, event_type, hops, causation_id, key, payload from event_log where stream = 'teller' order by seq";

function teller(handle: (note: string | null) => Promise<void> | void = () => undefined): EngineDefinition {
  return defineEngine({
    name: "teller",
    version: "1.0.0",
    description: "Tells of what it saw",
    from: "beginning",
    retry: { attempts: 1000, first_pause_ms: 1, longest_pause_ms: 20 },
    emits: { told: { version: 1, key: "product_id", payload: Type.Object({ product_id: Type.String() }) } },
    migrations: [{ id: "0001_told", up: "create table told (tenant_id uuid not null, key text not null)" }],
    subscriptions: {
      construction: {
        stock_updated: async (event, { emit, db }) => {
          await handle(event.payload.reason);
          emit("told", { product_id: event.key });
          await db.query("insert into told values ($1, $2)", [event.tenant_id, event.key]);
        },
      },
    },
  }) as EngineDefinition;
}

describe("what an engine emits", () => {
  test("is in the ledger once, with an id that says why, and not again after a replay", async () => {
    const engine = teller();
    await scene.install(engine);
    await scene.host(engine);
    await scene.write([{ tenant: 0, key: "a", note: "a1" }]);
    await scene.publish();
    await scene.settled("teller");
    const [cause] = await scene.rows("select event_id from event_log where stream = 'construction'");
    const id = emittedId("teller", String(cause?.event_id), 0);
    const told = {
      event_id: id,
      event_type: "told",
      hops: 1,
      causation_id: cause?.event_id,
      key: "a",
      payload: { product_id: "a" },
    };
    expect(await scene.rows(EMITTED)).toEqual([told]);
    await startReplay(scene.admin, "teller", false);
    await scene.settled("teller");
    expect(await scene.rows("select key from engine_teller.told")).toEqual([{ key: "a" }]);
    expect(await scene.rows(EMITTED)).toEqual([told]);
  });

  test("is dropped for a shop that has the engine off, while its state is kept", async () => {
    const engine = teller();
    await scene.install(engine);
    await scene.admin.query("insert into engine_tenant values ('teller', $1, false, '{}')", [scene.tenants[0] ?? ""]);
    await scene.host(engine);
    await scene.write([
      { tenant: 0, key: "off", note: "" },
      { tenant: 1, key: "on", note: "" },
    ]);
    await scene.publish();
    await scene.settled("teller");
    expect((await scene.rows(EMITTED)).map(({ key }) => key)).toEqual(["on"]);
    expect(await scene.rows("select key from engine_teller.told order by key")).toEqual([
      { key: "off" },
      { key: "on" },
    ]);
  });
});

describe("what an engine emits, while its transaction waits for a lock", () => {
  /** Hosts' sessions that wait, and of those the ones that keep the relay waiting at a gap. */
  async function waiting(): Promise<Record<string, unknown> | undefined> {
    const [row] = await scene.rows(
      `select count(*) as sessions, count(*) filter (where exists (
         select 1 from pg_locks l where l.pid = a.pid and l.mode = 'RowExclusiveLock'
           and l.relation = 'event_log'::regclass)) as writers
       from pg_stat_activity a where application_name like 'host %' and wait_event_type = 'Lock'
         and datname = current_database()`,
    );
    return row?.sessions === 0 ? undefined : row;
  }

  test("is not in the ledger before the positions are moved: a row that somebody holds holds up no other events", async () => {
    const [reached, allowed] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    const engine = teller(async (note) => {
      if (note !== "a2") return;
      reached.resolve();
      await allowed.promise;
    });
    await scene.install(engine);
    await scene.host(engine);
    await scene.write([{ tenant: 0, key: "a", note: "a1" }]);
    await scene.publish();
    await scene.settled("teller");
    await scene.write([{ tenant: 0, key: "a", note: "a2" }]);
    await scene.publish();
    await reached.promise;
    await scene.admin.transaction({}, async (tx) => {
      await tx.query("select 1 from engine_position for update");
      allowed.resolve();
      expect(await until(waiting, { what: "the batch to wait" })).toEqual({ sessions: 1, writers: 0 });
    });
    await scene.settled("teller");
    expect(await scene.rows(EMITTED)).toHaveLength(2);
  });

  test("is not in the ledger before the parked events are in order, when an event is tried again", async () => {
    let fails = true;
    const stubborn = teller(() => {
      if (fails) throw new Error("not now");
    });
    await scene.install(stubborn);
    const host = await scene.host(stubborn);
    await scene.write(["a1", "a2"].map((note) => ({ tenant: 0, key: "a", note })));
    await scene.publish();
    await until(async () => (await scene.parked("teller")).length === 2, { what: "both to be parked" });
    await host.stop();
    fails = false;
    await scene.admin.transaction({}, async (tx) => {
      await tx.query("select 1 from parked_event where next_attempt_at is null for update");
      await scene.host(stubborn);
      expect(await until(waiting, { what: "the attempt to wait" })).toEqual({ sessions: 1, writers: 0 });
    });
    await scene.settled("teller");
    expect(await scene.rows(EMITTED)).toHaveLength(2);
  });
});

describe("a job", () => {
  test("is run by one host at a time, claims over all tenants, and says when it failed", async () => {
    let running = 0;
    let most = 0;
    let runs = 0;
    const engine = recorder(undefined, {
      jobs: {
        sweep: {
          every: "10ms",
          run: async ({ everywhere }) => {
            most = Math.max(most, ++running);
            await everywhere((db) =>
              db.query(
                "insert into handled (tenant_id, event_id, seq, key) select gen_random_uuid(), gen_random_uuid(), 0, 'job'",
              ),
            );
            running--;
            if (++runs === 2) throw new Error("the second one");
          },
        },
      },
    });
    await scene.install(engine);
    await scene.host(engine);
    await scene.host(engine);
    const failed = async () =>
      (await scene.rows("select error_message from engine_job where error_message is not null"))[0];
    expect(await until(failed, { what: "the failure to be seen" })).toEqual({ error_message: "the second one" });
    await until(() => runs >= 4, { what: "the job to run on" });
    expect(most).toBe(1);
  });

  test("makes no rows of a shop that is not there any more", async () => {
    const gone = Bun.randomUUIDv7();
    const engine = recorder(undefined, {
      jobs: {
        late: {
          every: "10ms",
          run: async ({ transaction }) => {
            await transaction(gone, (db) =>
              db.query(
                "insert into handled (tenant_id, event_id, seq, key) values ($1, gen_random_uuid(), 0, 'late')",
                [gone],
              ),
            );
          },
        },
      },
    });
    await scene.install(engine);
    await scene.host(engine);
    const failed = async () =>
      (await scene.rows("select error_message from engine_job where error_message is not null"))[0];
    expect(await until(failed, { what: "the refusal" })).toEqual({ error_message: `there is no tenant ${gone}` });
    expect(await scene.rows("select 1 from engine_recorder.handled")).toEqual([]);
  });
});

describe("a replay", () => {
  test("ends within a batch: what is read again and what is new come to set-based handlers apart", async () => {
    const engine = defineEngine({
      name: "minder",
      version: "1.0.0",
      description: "Minds what it was told of a replay",
      from: "beginning",
      migrations: [
        { id: "0001_minded", up: "create table minded (tenant_id uuid not null, key text, replaying boolean)" },
      ],
      subscriptions: {
        construction: {
          event_types: ["stock_updated"],
          batch: async (events, { db, replaying }) => {
            for (const { tenant_id, key } of events)
              await db.query("insert into minded values ($1, $2, $3)", [tenant_id, key, replaying]);
          },
        },
      },
    }) as EngineDefinition;
    await scene.install(engine);
    const first = await scene.host(engine);
    await scene.write([
      { tenant: 0, key: "a", note: "" },
      { tenant: 1, key: "b", note: "" },
    ]);
    await scene.publish();
    await scene.settled("minder");
    await first.stop();
    await startReplay(scene.admin, "minder", false);
    await scene.write([
      { tenant: 0, key: "c", note: "" },
      { tenant: 1, key: "d", note: "" },
    ]);
    await scene.publish();
    await scene.host(engine);
    await scene.settled("minder");
    expect(await scene.rows("select key, replaying from engine_minder.minded order by key")).toEqual([
      { key: "a", replaying: true },
      { key: "b", replaying: true },
      { key: "c", replaying: false },
      { key: "d", replaying: false },
    ]);
  });

  test("empties what was derived, keeps what people entered, and gives the same state again", async () => {
    let resets = 0;
    const engine = recorder(undefined, {
      tables: { kept: ["notes"] },
      migrations: [
        ...(recorder().migrations ?? []),
        { id: "0002_notes", up: "create table notes (tenant_id uuid not null, note text not null)" },
      ],
      reset: async () => {
        resets++;
      },
    });
    await scene.install(engine);
    const host = await scene.host(engine);
    await scene.write(Array.from({ length: 20 }, (_, i) => ({ tenant: i % 2, key: `k${i % 3}`, note: `${i}` })));
    await scene.publish();
    await scene.settled("recorder");
    await scene.rows(`insert into engine_recorder.notes values ('${scene.tenants[0]}', 'by hand')`);
    const state = "select tenant_id, key, note, seq from engine_recorder.handled order by seq";
    const live = await scene.rows(state);
    const { events } = await startReplay(scene.admin, "recorder", false);
    expect(events).toBe(20);
    await host.stop();
    await scene.host(engine);
    await scene.settled("recorder");
    expect(await scene.rows(state)).toEqual(live);
    expect(await scene.rows("select note from engine_recorder.notes")).toEqual([{ note: "by hand" }]);
    expect(resets).toBe(1);
    expect(await scene.rows(HANDLED)).toHaveLength(20);
  });

  test("waits for the batches that are under way, and they for nothing of it", async () => {
    const reached = Promise.withResolvers<void>();
    const allowed = Promise.withResolvers<void>();
    const engine = recorder(async ({ payload }, { db, replaying }) => {
      if (payload.reason !== "a2" || replaying) return;
      await db.query("select count(*) from handled");
      reached.resolve();
      await allowed.promise;
    });
    await scene.install(engine);
    const host = await scene.host(engine);
    for (const note of ["a1", "a2"]) {
      await scene.write([{ tenant: 0, key: "a", note }]);
      await scene.publish();
      if (note === "a1") await scene.settled("recorder");
    }
    await reached.promise;
    const replaying = startReplay(scene.admin, "recorder", false);
    const waiting = `select 1 from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'
                     and query like '%engine_replay%'`;
    await until(async () => (await scene.admin.query(waiting)).length > 0, { what: "the replay to wait" });
    allowed.resolve();
    expect(await replaying).toEqual({ events: 2 });
    await scene.settled("recorder");
    await host.stop();
    expect((await scene.rows(HANDLED)).map(({ note }) => note)).toEqual(["a1", "a2"]);
    expect(host.instance.stats?.failures).toBe(0);
  });

  test("keeps nobody waiting while it counts what is to be handled again", async () => {
    await scene.install(recorder());
    const host = await scene.host(recorder());
    await scene.write(["a1", "a2"].map((note) => ({ tenant: 0, key: "a", note })));
    await scene.publish();
    await scene.settled("recorder");
    await host.stop();
    const replaying = await scene.admin.transaction({}, async (tx) => {
      await tx.query("lock table event_log in access exclusive mode");
      const replaying = startReplay(scene.admin, "recorder", false);
      const begun = "select 1 from engine_position where replay_until > position";
      await until(async () => (await scene.rows(begun)).length > 0, { what: "the replay to have begun" });
      return { replaying };
    });
    expect(await replaying.replaying).toEqual({ events: 2 });
  });

  test("is refused when retention has cut the history, unless told otherwise", async () => {
    const engine = recorder();
    await scene.install(engine);
    await scene.rows("delete from event_log_range where from_seq = 1");
    await expect(startReplay(scene.admin, "recorder", false)).rejects.toThrow("--partial");
    await startReplay(scene.admin, "recorder", true);
  });

  test("is asked for when a new version subscribes to more", async () => {
    const engine = recorder();
    await scene.install(engine);
    await scene.host(engine);
    await scene.write([{ tenant: 0, key: "a", note: "a1" }]);
    await scene.publish();
    await scene.settled("recorder");
    const more = { construction: { ...engine.subscriptions.construction, product_created: async () => undefined } };
    await scene.install(recorder(undefined, { version: "1.1.0", subscriptions: more }));
    const [row] = await scene.rows("select replay_needed from engine where name = 'recorder'");
    expect(row?.replay_needed).toContain("construction.product_created");
  });
});
