import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import fc from "fast-check";
import { retryDead } from "../../src/engine-host/dead-letters.ts";
import { startReplay } from "../../src/engine-host/replay.ts";
import { until } from "../harness/until.ts";
import { HANDLED, recorder } from "./recorder.ts";
import { type Host, Scene } from "./scene.ts";

/** What may happen between two writes. */
const Fault = fc.oneof(
  { weight: 4, arbitrary: fc.constant("write" as const) },
  { weight: 2, arbitrary: fc.constant("kill" as const) },
  { weight: 2, arbitrary: fc.constant("cut" as const) },
  { weight: 2, arbitrary: fc.constant("join" as const) },
  { weight: 1, arbitrary: fc.constant("leave" as const) },
  { weight: 1, arbitrary: fc.constant("lose" as const) },
  { weight: 1, arbitrary: fc.constant("replay" as const) },
  { weight: 1, arbitrary: fc.constant("retry" as const) },
);

describe("effects of an engine", () => {
  let scene: Scene;
  beforeEach(async () => {
    scene = await Scene.open(6);
  });
  afterEach(() => scene.close());

  /** What a host loses that stands still for longer than its leases last. */
  async function endLeases(): Promise<void> {
    await scene.admin.query("delete from lease where name like 'engine %'");
    await scene.admin.query("update engine_position set owner = null, lease_until = null");
  }

  test("are there once each, in order per key, whatever dies, joins, leaves or is lost", async () => {
    // The handler itself fails now and then: a batch is torn at any place.
    let calls = 0;
    const engine = recorder(
      () => {
        if (++calls % 17 === 0) throw new Error("now and then");
      },
      { retry: { attempts: 1000, first_pause_ms: 1, longest_pause_ms: 5 }, batch_size: 7 },
    );
    await scene.install(engine);
    let written = 0;
    await fc.assert(
      fc.asyncProperty(fc.array(Fault, { minLength: 5, maxLength: 14 }), async (faults) => {
        const hosts: Host[] = [await scene.host(engine)];
        const leave = async (how: "kill" | "stop") => {
          const host = hosts.shift();
          if (host) await host[how]();
        };
        for (const fault of faults) {
          if (fault === "join" && hosts.length < 3) hosts.push(await scene.host(engine));
          else if (fault === "kill") await leave("kill");
          else if (fault === "leave") await leave("stop");
          else if (fault === "cut") await hosts[0]?.database.cut();
          else if (fault === "replay") await startReplay(scene.admin, "recorder", false);
          else if (fault === "retry") await scene.admin.transaction({}, (tx) => retryDead(tx, { engine: "recorder" }));
          const events = Array.from({ length: 12 }, () => {
            const n = written++;
            return { tenant: n % 6, key: `k${n % 5}`, note: String(n) };
          });
          await scene.write(events);
          await scene.publish({ hidden: fault === "lose" });
        }
        if (hosts.length === 0) hosts.push(await scene.host(engine));
        await scene.settled("recorder");
        await Promise.all(hosts.map((host) => host.stop()));
        const rows = await scene.rows(HANDLED);
        expect(rows.length).toBe(written);
        const latest = new Map<string, number>();
        for (const { tenant_id, key, seq } of rows) {
          const name = `${tenant_id} ${key}`;
          expect(Number(seq)).toBeGreaterThan(latest.get(name) ?? 0);
          latest.set(name, Number(seq));
        }
      }),
      { numRuns: Number(process.env.SCHEDULES ?? 12) },
    );
  }, 120_000);

  test("are not written by an owner whose time is over", async () => {
    let reached: () => void = () => undefined;
    let goOn: () => void = () => undefined;
    const inHand = new Promise<void>((resolve) => {
      reached = resolve;
    });
    const allowed = new Promise<void>((resolve) => {
      goOn = resolve;
    });
    const frozen = recorder(async () => {
      reached();
      await allowed;
    });
    await scene.install(frozen);
    const stale = await scene.host(frozen);
    await scene.write([{ tenant: 0, key: "a", note: "a1" }]);
    await scene.publish();
    await inHand;
    // The server ends the transaction of a host that stands still; another host takes over and does the work.
    await stale.database.cut();
    await endLeases();
    const fresh = await scene.host(recorder());
    await scene.settled("recorder");
    goOn();
    await fresh.stop();
    await stale.stop();
    expect((await scene.rows(HANDLED)).map(({ note }) => note)).toEqual(["a1"]);
  });

  test("are not written by an owner that goes on after another one took over", async () => {
    const reached = Promise.withResolvers<void>();
    const allowed = Promise.withResolvers<void>();
    const standing = recorder(async ({ payload }) => {
      if (payload.reason !== "a2") return;
      reached.resolve();
      await allowed.promise;
    });
    await scene.install(standing);
    const stale = await scene.host(standing);
    const write = async (note: string) => {
      await scene.write([{ tenant: 0, key: "a", note }]);
      await scene.publish();
    };
    await write("a1");
    await scene.settled("recorder");
    await write("a2");
    await reached.promise;
    // It stands still in a transaction that is open, with what it read of its positions.
    await endLeases();
    const fresh = await scene.host(recorder());
    await scene.settled("recorder");
    allowed.resolve();
    await stale.stop();
    await fresh.stop();
    expect((await scene.rows(HANDLED)).map(({ note }) => note)).toEqual(["a1", "a2"]);
    expect(stale.instance.stats).toMatchObject({ events: 1, parked: 0 });
  });

  test("are shared by hosts that join, and taken over from hosts that leave", async () => {
    const engine = recorder();
    await scene.install(engine);
    const first = await scene.host(engine);
    await until(() => first.instance.stats?.partitions === 4, { what: "the only host to have all" });
    const second = await scene.host(engine);
    const shares = () => [first.instance.stats?.partitions, second.instance.stats?.partitions];
    await until(() => String(shares()) === "2,2", { what: "both to have their share" });
    await second.stop();
    await until(() => first.instance.stats?.partitions === 4, { what: "the one left to have all" });
    const third = await scene.host(engine);
    await until(() => third.instance.stats?.partitions === 2, { what: "a share for the third" });
    await third.kill();
    await until(() => first.instance.stats?.partitions === 4, { what: "the leases of the dead to end" });
  });

  test("go on without a failure where a partition comes back that another host had meanwhile", async () => {
    const engine = recorder();
    await scene.install(engine);
    const write = async (note: string) => {
      await scene.write(scene.tenants.map((_, tenant) => ({ tenant, key: "k", note })));
      await scene.publish();
      await scene.settled("recorder");
    };
    const first = await scene.host(engine);
    await write("first alone");
    const second = await scene.host(engine);
    await until(() => second.instance.stats?.partitions === 2, { what: "both to have their share" });
    await write("both");
    await second.stop();
    await until(() => first.instance.stats?.partitions === 4, { what: "the one left to have all" });
    await write("first again");
    expect(first.instance.stats?.failures).toBe(0);
    expect(await scene.rows(HANDLED)).toHaveLength(18);
  });

  test("are written by the host that began, however much longer than its lease the handlers take", async () => {
    const [reached, allowed] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    let calls = 0;
    const engine = recorder(async () => {
      calls++;
      reached.resolve();
      await allowed.promise;
    });
    await scene.install(engine);
    // Longer than a busy machine may make either of them wait.
    const start = () => scene.host(engine, undefined, { lease_seconds: 2 });
    const hosts = [await start(), await start()];
    await until(() => hosts.every(({ instance }) => instance.stats?.partitions === 2), { what: "their shares" });
    await scene.write([{ tenant: 0, key: "a", note: "a1" }]);
    await scene.publish();
    await reached.promise;
    const owners = "select partition, owner from engine_position order by partition";
    const [before, [lease]] = [
      await scene.rows(owners),
      await scene.rows("select max(lease_until) from engine_position"),
    ];
    const over = `select 1 from engine_position where clock_timestamp() > timestamptz '${lease?.max}' + interval '300 ms'`;
    await until(async () => (await scene.rows(over)).length > 0, { what: "what were the leases to be over" });
    expect(await scene.rows(owners)).toEqual(before);
    allowed.resolve();
    await scene.settled("recorder");
    expect(calls).toBe(1);
  });

  test("are complete when the streams kept nothing: the ledger has it all", async () => {
    const engine = recorder();
    await scene.install(engine);
    await scene.write(Array.from({ length: 30 }, (_, i) => ({ tenant: i % 6, key: "k", note: `${i}` })));
    await scene.publish({ hidden: true });
    const host = await scene.host(engine);
    await scene.settled("recorder");
    expect(await scene.rows(HANDLED)).toHaveLength(30);
    expect(host.instance.stats?.backfilled).toBe(30);
  });

  test("stay inside the tenant of the event", async () => {
    const seen = new Map<string, number>();
    const engine = recorder(async ({ tenant_id }, { db }) => {
      const [row] = await db.query<{ others: number }>(
        "select count(*) filter (where tenant_id <> $1) as others from handled",
        [tenant_id],
      );
      seen.set(tenant_id, (seen.get(tenant_id) ?? 0) + (row?.others ?? 0));
    });
    await scene.install(engine);
    await scene.host(engine);
    await scene.write(Array.from({ length: 30 }, (_, i) => ({ tenant: i % 6, key: "k", note: `${i}` })));
    await scene.publish();
    await scene.settled("recorder");
    expect([...seen.values()]).toEqual([0, 0, 0, 0, 0, 0]);
  });
});
