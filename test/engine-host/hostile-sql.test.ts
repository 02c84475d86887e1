import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { codeOf } from "../../src/platform/database/errors.ts";
import { PermanentError } from "../../src/sdk/index.ts";
import { recorder } from "./recorder.ts";
import { Scene } from "./scene.ts";

const FORBIDDEN = "42501";

describe("SQL of a plugin that means harm", () => {
  let scene: Scene;
  beforeAll(async () => {
    scene = await Scene.open(2);
    await scene.install(recorder());
  }, 60_000);
  afterAll(() => scene.close());

  const refused = async (...statements: string[]) => {
    const running = scene.asEngines("engine_recorder", async (query) => {
      for (const statement of statements) await query(statement);
    });
    return codeOf(await running.catch((error: unknown) => error));
  };

  test.each([
    "set session authorization basecommerce_owner",
    "set session_replication_role = replica",
    "select pg_read_file('/etc/passwd')",
    "copy (select 1) to program 'true'",
    "copy (select 1) to '/tmp/stolen'",
    "select lo_import('/etc/passwd')",
    "create extension hstore",
    "select pg_reload_conf()",
    "alter role basecommerce_owner nologin",
    "select rolpassword from pg_authid",
    "create temp table engine_position (engine text)",
    "create function pg_temp.now() returns int language sql as 'select 1'",
    "create publication everything for all tables",
    "truncate engine_recorder.handled",
    "lock table event_log",
    "alter table engine_recorder.handled disable row level security",
    "drop policy tenant on engine_recorder.handled",
  ])("is refused: %s", async (statement) => {
    expect(await refused(statement)).toBe(FORBIDDEN);
    expect(await refused("reset role", statement)).toBe(FORBIDDEN);
  });

  test("ends no session of another login", async () => {
    const others = await scene.rows(
      `select pid from pg_stat_activity where datname = current_database() and usename <> 'basecommerce_engines'
       and application_name = 'scene'`,
    );
    expect(others.length).toBeGreaterThan(0);
    for (const { pid } of others) {
      expect(await refused(`select pg_terminate_backend(${pid})`)).toBe(FORBIDDEN);
      expect(await refused("reset role", `select pg_terminate_backend(${pid})`)).toBe(FORBIDDEN);
    }
  });

  test("touches the ledger and what hosts keep only after giving its role back", async () => {
    for (const statement of [
      "select 1 from event_log",
      "insert into event_log default values",
      "select 1 from lease for update",
      "update engine_position set position = 0",
      "update engine_tenant set enabled = false",
    ]) {
      expect({ statement, code: await refused(statement) }).toEqual({ statement, code: FORBIDDEN });
    }
    expect(await refused("reset role", "update engine_position set position = position where false")).toBeUndefined();
  });

  test("keeps no host and no installation waiting by advisory locks", async () => {
    await scene.asEngines("engine_recorder", async (query) => {
      await query(
        "select pg_advisory_lock(hashtext('engine leases'), hashtext('recorder')), pg_advisory_lock(hashtext('engine recorder'))",
      );
      await scene.install(recorder());
      const host = await scene.host(recorder());
      await scene.write([{ tenant: 0, key: "a", note: "1" }]);
      await scene.publish();
      await scene.settled("recorder");
      await host.stop();
    });
    expect(await scene.rows("select note from engine_recorder.handled")).toEqual([{ note: "1" }]);
  }, 60_000);

  test.each([
    ["set statement_timeout = '50ms'", "set local statement_timeout = '5s'"],
    ["set default_transaction_read_only = on", "select 1"],
    ["set search_path to nowhere", "set local search_path to engine_astray"],
    ["set role engine_recorder", "set local role engine_astray"],
    ["set app.tenant_id = '018f0000-0000-7000-8000-000000000001'", "select 1"],
  ])(
    "does not lead later handlers astray by what lasts on the connection: %s",
    async (statement, meanwhile) => {
      const engine = recorder(
        async ({ payload }, { db, attempt }) => {
          if (payload.reason !== statement || attempt > 1) return;
          await db.query(statement);
          await db.query(meanwhile);
        },
        { name: "astray" },
      );
      await scene.install(engine);
      const host = await scene.host(engine);
      await scene.write([{ tenant: 0, key: "a", note: statement }]);
      await scene.publish();
      await scene.settled("astray");
      await scene.write([0, 1].map((tenant) => ({ tenant, key: "b", note: `after ${statement}` })));
      await scene.publish();
      await scene.settled("astray");
      await host.stop();
      const [found] = await scene.rows(
        `select count(distinct tenant_id) as shops from engine_astray.handled where note like 'after ${statement.slice(0, 12)}%'`,
      );
      expect(found).toEqual({ shops: 2 });
    },
    60_000,
  );
});

describe("a handler's SQL", () => {
  test("neither ends the host's transaction nor keeps anything in its session", async () => {
    const scene = await Scene.open(1);
    const refused: string[] = [];
    const statements = [
      ...[
        "; commit",
        "-- a line ends here, too\rcommit",
        "/* a /* b */ c */ rollback",
        "select 1; commit",
        "select 1; rollback",
      ],
      ...[
        "copy handled to stdout",
        "prepare p as select 1",
        "deallocate all",
        "discard all",
        "prepare transaction 'a'",
      ],
    ];
    const engine = recorder(async ({ payload }, { db }) => {
      const statement = payload.reason ?? "";
      await db.query(
        "insert into handled (tenant_id, event_id, seq, key) select tenant_id, event_id, 0, 'half' from handled",
      );
      await db.query(statement).catch(() => refused.push(statement));
      throw new PermanentError("as it should");
    });
    await scene.install(engine);
    await scene.write(statements.map((note, i) => ({ tenant: 0, key: `${i}`, note })));
    await scene.publish();
    await scene.host(engine);
    await scene.settled(engine.name);
    expect(new Set(refused)).toEqual(new Set(statements));
    expect(await scene.parked("recorder")).toEqual(
      statements.map((note, i) => ({ key: `${i}`, note, state: "dead", attempts: 1, error_code: "permanent" })),
    );
    expect(await scene.rows("select 1 from engine_recorder.handled")).toEqual([]);
    await scene.close();
  }, 60_000);

  test("may say 'commit' where that is no statement", async () => {
    const scene = await Scene.open(1);
    const engine = recorder(async (_event, { db }) => {
      await db.query("/* commit */ ; select 'commit; rollback' as commit -- copy");
      await db.query(`${"/* a */ ".repeat(60)}select 1`);
    });
    await scene.install(engine);
    await scene.write([{ tenant: 0, key: "a", note: "1" }]);
    await scene.publish();
    await scene.host(engine);
    await scene.settled(engine.name);
    expect(await scene.parked("recorder")).toEqual([]);
    await scene.close();
  }, 60_000);
});

describe("a migration that would go past the policies", () => {
  let scene: Scene;
  beforeAll(async () => {
    scene = await Scene.open(1);
  }, 60_000);
  afterAll(() => scene.close());

  test.each([
    ["view spy", "create view spy as select * from public.users"],
    ["materialized view spy", "create materialized view spy as select 1 as a"],
    [
      "security definer function spy",
      "create function spy() returns bigint language sql security definer as 'select count(*) from public.users'",
    ],
  ])("is not installed: %s", async (what, up) => {
    const engine = recorder(undefined, { name: "spy", migrations: [{ id: "0001_spy", up }] });
    await expect(scene.install(engine)).rejects.toThrow(`migrations: ${what}: an engine works with tables and plain`);
    expect(await scene.rows("select 1 from pg_namespace where nspname = 'engine_spy'")).toEqual([]);
    expect(await scene.rows("select 1 from lease where name like 'install %'")).toEqual([]);
  });
});
