import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { retryDead } from "../../src/engine-host/dead-letters.ts";
import { ENGINES } from "../../src/platform/database/roles.ts";
import { PermanentError, RetryLater } from "../../src/sdk/index.ts";
import { until } from "../harness/until.ts";
import { HANDLED, recorder } from "./recorder.ts";
import { type Host, Scene } from "./scene.ts";

describe("an event whose handler fails", () => {
  let scene: Scene;
  beforeEach(async () => {
    scene = await Scene.open(1);
  });
  afterEach(() => scene.close());

  const notes = async () => (await scene.rows(HANDLED)).map(({ note }) => note);

  test("waits with those of its key behind it; all others go on", async () => {
    let broken = true;
    const engine = recorder(
      ({ payload }) => {
        if (broken && payload.reason === "a1") throw new Error("not yet");
      },
      { retry: { attempts: 1000, first_pause_ms: 5, longest_pause_ms: 20 } },
    );
    await scene.install(engine);
    await scene.host(engine);
    await scene.write([
      { tenant: 0, key: "a", note: "a1" },
      { tenant: 0, key: "b", note: "b1" },
      { tenant: 0, key: "a", note: "a2" },
    ]);
    await scene.publish();
    await until(async () => (await notes()).includes("b1"), { what: "the other key to go on" });
    await scene.write([{ tenant: 0, key: "a", note: "a3" }]);
    await scene.publish();
    await until(async () => (await scene.parked("recorder")).length === 3, { what: "three to wait" });
    expect(await notes()).toEqual(["b1"]);
    broken = false;
    await scene.settled("recorder");
    expect(await notes()).toEqual(["b1", "a1", "a2", "a3"]);
    expect(await scene.parked("recorder")).toEqual([]);
  });

  test("holds its key from the moment it is parked, also when it was not the host that parked it", async () => {
    const engine = recorder();
    await scene.install(engine);
    await scene.host(engine);
    for (const note of ["a1", "a2"]) {
      await scene.write([{ tenant: 0, key: "a", note }]);
      await scene.publish();
      await scene.settled("recorder");
    }
    // What the host committed last says that nothing waits here.
    await scene.admin.query(
      `insert into parked_event (engine, stream, partition, seq, event_id, tenant_id, event_type, version, key, payload,
         occurred_at, hops, state, attempts, next_attempt_at)
       select 'recorder', stream, partition, seq, event_id, tenant_id, event_type, version, key, payload, occurred_at,
         hops, 'parked', 1, now() + interval '1 hour' from event_log where payload->>'reason' = 'a1'`,
    );
    await scene.write([
      { tenant: 0, key: "a", note: "a3" },
      { tenant: 0, key: "b", note: "b1" },
    ]);
    await scene.publish();
    await until(async () => (await notes()).includes("b1"), { what: "the other key to go on" });
    expect(await notes()).toEqual(["a1", "a2", "b1"]);
    expect((await scene.parked("recorder")).map(({ note }) => note)).toEqual(["a1", "a3"]);
  });

  test("is dead after its last attempt and lets its key go on", async () => {
    const attempts: number[] = [];
    const engine = recorder(({ payload }, { attempt }) => {
      if (payload.reason !== "a1") return;
      attempts.push(attempt);
      throw new Error("never");
    });
    await scene.install(engine);
    await scene.host(engine);
    await scene.write([
      { tenant: 0, key: "a", note: "a1" },
      { tenant: 0, key: "a", note: "a2" },
    ]);
    await scene.publish();
    await scene.settled("recorder");
    expect(await notes()).toEqual(["a2"]);
    expect(await scene.parked("recorder")).toEqual([
      { key: "a", note: "a1", state: "dead", attempts: 3, error_code: "Error" },
    ]);
    expect(Math.max(...attempts)).toBe(3);
  });

  test("keeps its key waiting when order is strict", async () => {
    const engine = recorder(
      ({ payload }) => {
        if (payload.reason === "a1") throw new PermanentError("never");
      },
      { ordered: "strict" },
    );
    await scene.install(engine);
    await scene.host(engine);
    await scene.write([
      { tenant: 0, key: "a", note: "a1" },
      { tenant: 0, key: "b", note: "b1" },
      { tenant: 0, key: "a", note: "a2" },
    ]);
    await scene.publish();
    await until(async () => (await scene.parked("recorder")).length === 2, { what: "head and follower" });
    expect(await notes()).toEqual(["b1"]);
    expect(await scene.parked("recorder")).toEqual([
      { key: "a", note: "a1", state: "dead", attempts: 1, error_code: "permanent" },
      { key: "a", note: "a2", state: "parked", attempts: 0, error_code: null },
    ]);
  });

  test("that asks for a pause is tried again without counting attempts", async () => {
    let asked = 0;
    const engine = recorder((_, { attempt }) => {
      expect(attempt).toBe(1);
      if (asked++ < 6) throw new RetryLater(1);
    });
    await scene.install(engine);
    await scene.host(engine);
    await scene.write([{ tenant: 0, key: "a", note: "a1" }]);
    await scene.publish();
    await scene.settled("recorder");
    expect(await notes()).toEqual(["a1"]);
  });

  test("because the connection was cut has not failed: no attempt counts", async () => {
    let cuts = 0;
    const seen: number[] = [];
    const engine = recorder(async (_, { attempt }) => {
      seen.push(attempt);
      if (cuts++ < 5) await host.database.cut();
    });
    await scene.install(engine);
    const host = await scene.host(engine);
    await scene.write([{ tenant: 0, key: "a", note: "a1" }]);
    await scene.publish();
    await scene.settled("recorder");
    expect(await notes()).toEqual(["a1"]);
    expect(new Set(seen)).toEqual(new Set([1]));
  });

  test("by taking too long is given up in time", async () => {
    const engine = recorder(
      async ({ payload }) => {
        if (payload.reason === "slow") await new Promise(() => undefined);
      },
      { handler_timeout_ms: 50, retry: { attempts: 1 } },
    );
    await scene.install(engine);
    await scene.host(engine);
    await scene.write([
      { tenant: 0, key: "a", note: "slow" },
      { tenant: 0, key: "b", note: "b1" },
    ]);
    await scene.publish();
    await scene.settled("recorder");
    expect(await notes()).toEqual(["b1"]);
    expect(await scene.parked("recorder")).toEqual([
      { key: "a", note: "slow", state: "dead", attempts: 1, error_code: "handler_timeout" },
    ]);
  });

  test("is laid aside as the ledger has it by then, not as a stream brought it", async () => {
    const engine = recorder(
      async () => {
        await scene.admin.query(
          "update event_log set payload = json_build_object('product_id', 'a', 'reason', 'forgotten')",
        );
        throw new PermanentError("no");
      },
      { retry: { attempts: 1 } },
    );
    await scene.install(engine);
    await scene.host(engine);
    await scene.write([{ tenant: 0, key: "a", note: "a person" }]);
    await scene.publish();
    await scene.settled("recorder");
    expect(await scene.parked("recorder")).toMatchObject([{ note: "forgotten", state: "dead" }]);
  });

  const thrown: Record<string, () => unknown> = {
    "an error with NUL in its text": () => new Error("a\0b"),
    "an error whose text is cut in half a character": () => new Error(`a${"😀".repeat(600)}`),
    "an error with a long code": () => Object.assign(new Error("x"), { code: "y".repeat(10_000) }),
    "an error with NUL in its code": () => Object.assign(new Error("x"), { code: "a\0" }),
    "an error without text": () => Object.defineProperty(new Error("x"), "message", { get: () => BigInt("x") }),
    "an error of a library's that looks like a lost connection": () =>
      Object.assign(new Error("x"), { code: "ECONNREFUSED" }),
    "an error that looks like a stop of the host": () => Object.assign(new Error("x"), { code: "stopping" }),
    "an object without a form": () => Object.create(null),
    nothing: () => undefined,
  };
  test("is laid aside whatever its handler throws", async () => {
    const engine = recorder(
      async ({ payload }, { db }) => {
        const what = thrown[payload.reason ?? ""];
        if (what) throw what();
        if (payload.reason === "a file that is not there") await Bun.file("/nonexistent/file").text();
        if (payload.reason === "a statement that is too slow") {
          await db.query("set local statement_timeout = '20ms'");
          await db.query("select pg_sleep(10)");
        }
      },
      { retry: { attempts: 1 } },
    );
    await scene.install(engine);
    await scene.host(engine);
    const whats = [...Object.keys(thrown), "a file that is not there", "a statement that is too slow"];
    for (const what of [...whats, "none"]) await scene.write([{ tenant: 0, key: what, note: what }]);
    await scene.publish();
    await scene.settled("recorder");
    expect((await scene.parked("recorder")).map(({ note, state }) => ({ note, state }))).toEqual(
      whats.map((note) => ({ note, state: "dead" })),
    );
    expect(await notes()).toEqual(["none"]);
  }, 30_000);

  test("and kills what tries it again is tried a third time by nobody, until somebody asks", async () => {
    let deadly = true;
    let host: Host | undefined;
    let deaths = 0;
    const engine = recorder(
      async ({ payload }, { attempt }) => {
        if (payload.reason !== "deadly" || !deadly) return;
        if (attempt === 1 && deaths === 0) throw new Error("not yet");
        deaths++;
        host?.kill();
        await new Promise(() => undefined);
      },
      { handler_timeout_ms: 100, retry: { attempts: 1000, first_pause_ms: 1, longest_pause_ms: 1 } },
    );
    await scene.install(engine);
    await scene.write([{ tenant: 0, key: "a", note: "deadly" }]);
    await scene.publish();
    for (let died = 0; died < 2; died++) {
      host = await scene.host(engine);
      await until(() => deaths > died, { what: "the host to die of it", timeout: 20_000 });
    }
    host = await scene.host(engine);
    await scene.settled("recorder");
    const [dead] = await scene.parked("recorder");
    expect(dead).toMatchObject({ state: "dead", error_code: "crashed" });
    await scene.admin.transaction({ role: ENGINES }, (tx) => retryDead(tx, { engine: "recorder" }));
    await until(() => deaths > 2, { what: "it to be tried again when somebody asked", timeout: 20_000 });
    deadly = false;
    await scene.host(engine);
    await scene.settled("recorder");
    expect(await notes()).toEqual(["deadly"]);
    expect(deaths).toBe(3);
  }, 60_000);

  test("and is in hand again whenever a host stops is no killer", async () => {
    let stops = 0;
    let reached = Promise.withResolvers<void>();
    const engine = recorder(
      async (_event, { attempt, signal }) => {
        if (attempt === 1) throw new Error("not yet");
        if (stops === 3) return;
        reached.resolve();
        await new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason)));
      },
      { retry: { attempts: 1000, first_pause_ms: 1, longest_pause_ms: 1 } },
    );
    await scene.install(engine);
    await scene.write([{ tenant: 0, key: "a", note: "patient" }]);
    await scene.publish();
    for (; stops < 3; stops++) {
      reached = Promise.withResolvers();
      const host = await scene.host(engine);
      await reached.promise;
      await host.stop();
    }
    await scene.host(engine);
    await scene.settled("recorder");
    expect(await scene.parked("recorder")).toEqual([]);
    expect(await notes()).toEqual(["patient"]);
  }, 60_000);

  test("of a newer contract waits for a newer program", async () => {
    const engine = recorder();
    await scene.install(engine);
    await scene.host(engine);
    await scene.write([
      { tenant: 0, key: "a", note: "new", version: 2 },
      { tenant: 0, key: "b", note: "b1" },
    ]);
    await scene.publish();
    await until(async () => (await notes()).length === 1, { what: "the known one" });
    expect(await scene.parked("recorder")).toEqual([
      { key: "a", note: "new", state: "parked", attempts: 0, error_code: "version_unknown" },
    ]);
  });

  test("like most others is the engine's fault: nothing is parked, all are tried again as a whole", async () => {
    let ill = true;
    const engine = recorder(({ seq }) => {
      if (ill && seq % 3 !== 0) throw new Error(`relation "prices" does not exist (${seq})`);
    });
    await scene.install(engine);
    const host = await scene.host(engine);
    await scene.write(Array.from({ length: 60 }, (_, i) => ({ tenant: 0, key: `k${i}`, note: `n${i}` })));
    await scene.publish();
    await until(() => host.instance.stats?.failing?.includes("more than half"), {
      what: "the engine to say that it is ill",
    });
    expect(await scene.parked("recorder")).toEqual([]);
    ill = false;
    await scene.settled("recorder");
    expect(await notes()).toEqual(Array.from({ length: 60 }, (_, i) => `n${i}`));
  });

  test("among many is the only one that is parked", async () => {
    const engine = recorder(({ payload }) => {
      if (payload.reason === "n33") throw new PermanentError("this one");
    });
    await scene.install(engine);
    await scene.host(engine);
    await scene.write(Array.from({ length: 100 }, (_, i) => ({ tenant: 0, key: `k${i}`, note: `n${i}` })));
    await scene.publish();
    await scene.settled("recorder");
    expect(await notes()).toEqual(Array.from({ length: 100 }, (_, i) => `n${i}`).filter((note) => note !== "n33"));
    expect(await scene.parked("recorder")).toHaveLength(1);
  });
});
