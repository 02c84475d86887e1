import { expect, test } from "bun:test";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { PostgresDatabase } from "../../src/platform/database/postgres.ts";
import { OWNER } from "../../src/platform/database/roles.ts";
import { appendEvents } from "../../src/platform/events/ledger.ts";
import { DEFAULT_PARTITIONS, partitionOf } from "../../src/platform/events/partition.ts";
import { runAsOwner, SECRET_KEY } from "../e2e/platform.ts";
import { whenDone } from "../harness/cleanup.ts";
import { testDatabase } from "../harness/database.ts";
import { temporaryFolder } from "../harness/folder.ts";
import { freePort } from "../harness/ports.ts";
import { PROGRAM, type Program, startProgram } from "../harness/program.ts";
import { startRedis, withClient } from "../harness/redis.ts";
import { until } from "../harness/until.ts";
import { runRelay } from "../relay/running-relay.ts";

/** Writes a row for each event, with the process it was handled in. On the key `hold` it stands still while a file says so. */
const WITNESS = `
import { defineEngine, operatorSettings, Type } from "@basecommerce/engine";

const settings = operatorSettings({ folder: Type.String(), token: Type.Optional(Type.String({ secret: true })) });
const held = () => Bun.file(settings.value.folder + "/hold").exists();

export default defineEngine({
  name: "witness",
  version: "1.0.0",
  description: "Remembers what was handled where",
  from: "beginning",
  batch_size: 20,
  handler_timeout_ms: 3000,
  settings,
  migrations: [
    {
      id: "0001_seen",
      up: "create table seen (tenant_id uuid not null, place bigint generated always as identity, seq bigint not null, key text not null, pid integer not null)",
    },
  ],
  subscriptions: {
    construction: {
      quote_sent: async ({ tenant_id, seq, key }, { db }) => {
        await db.query("insert into seen (tenant_id, seq, key, pid) values ($1, $2, $3, $4)", [tenant_id, seq, key, process.pid]);
        if (key !== "hold" || !(await held())) return;
        await Bun.write(settings.value.folder + "/held", String(process.pid));
        while (await held()) await Bun.sleep(10);
      },
    },
  },
});
`;

/** A shop in each partition: whichever partitions a host has, there is something in them to handle. */
const TENANTS = DEFAULT_PARTITIONS;

/** Shops whose events never end, until told. */
class Flow {
  readonly #admin: PostgresDatabase;
  readonly #tenants: string[] = [];
  #written = 0;
  #stopping = false;
  #running: Promise<void> = Promise.resolve();

  constructor(admin: PostgresDatabase) {
    this.#admin = admin;
  }

  get written(): number {
    return this.#written;
  }

  async start(): Promise<void> {
    for (let partition = 0; partition < TENANTS; partition++) {
      let id = Bun.randomUUIDv7();
      while (partitionOf(id, DEFAULT_PARTITIONS) !== partition) id = Bun.randomUUIDv7();
      this.#tenants.push(id);
      await this.#admin.query("insert into tenants (tenant_id, slug, name) values ($1, $2, $3)", [
        id,
        `flow-${partition}`,
        `Flow ${partition}`,
      ]);
    }
    this.#running = this.#run();
  }

  async stop(): Promise<void> {
    this.#stopping = true;
    await this.#running;
  }

  async write(keys: readonly string[]): Promise<void> {
    const events = keys.map((key, i) => {
      const tenant_id = this.#tenants[i % TENANTS] ?? "";
      return {
        event_id: Bun.randomUUIDv7(),
        tenant_id,
        stream: "construction",
        partition: partitionOf(tenant_id, DEFAULT_PARTITIONS),
        event_type: "quote_sent",
        version: 1,
        key,
        payload: {},
        occurred_at: "2026-01-31T12:00:00.000000Z",
        trace: null,
        causation_id: null,
        hops: 0,
      };
    });
    await this.#admin.transaction({ role: OWNER }, (tx) => appendEvents(tx, events));
    this.#written += events.length;
  }

  async #run(): Promise<void> {
    while (!this.#stopping) {
      await this.write(Array.from({ length: TENANTS }, (_, i) => `k${(this.#written + i) % 5}`));
      await Bun.sleep(50);
    }
  }
}

test("hosts that are killed, frozen past their lease and woken, over a Redis that forgets: each event once, in order", async () => {
  const [database, redis, folder] = await Promise.all([testDatabase(), startRedis(), temporaryFolder("witness")]);
  const plugins = join(folder, "plugins");
  await Bun.write(join(plugins, "witness/engine.ts"), WITNESS);
  const launch = { command: PROGRAM, plugins };
  await runAsOwner(launch, database, ["engine", "install", join(plugins, "witness")]);
  const admin = new PostgresDatabase({ url: database.urls.admin, application_name: "test", max: 3 });
  whenDone(() => admin.close());
  await admin.query("insert into event_stream values ('construction', $1) on conflict do nothing", [
    DEFAULT_PARTITIONS,
  ]);
  runRelay(database.urls.relay, redis.url);

  const hosts: Program[] = [];
  const enter = () =>
    hosts.push(
      startProgram({
        command: launch.command,
        args: ["start", "--role", "engines"],
        env: {
          DATABASE_URL: database.urls.engines,
          REDIS_URL: redis.url,
          SECRET_KEY,
          HOST: "127.0.0.1",
          ENGINES_PORT: `${freePort()}`,
          PLUGINS_DIR: plugins,
          WITNESS_FOLDER: folder,
          WITNESS_TOKEN: "for nobody's eyes",
          DRAIN_SECONDS: "0",
        },
      }),
    );
  const owners = async () => {
    const rows = await admin.query<{ owner: string }>(
      "select distinct owner from engine_position where engine = 'witness' and owner is not null",
    );
    return new Set(rows.map(({ owner }) => Number(owner.split(" ")[1])));
  };
  const sharing = async (program: Program | undefined) =>
    await until(async () => program && (await owners()).has(program.pid), { what: "its share", timeout: 60_000 });
  const forget = () => withClient(redis.url, (client) => client.flushall());
  for (let i = 0; i < 3; i++) enter();
  const flow = new Flow(admin);
  await flow.start();
  const working = async (count: number) => {
    const busy = "select count(distinct pid) as hosts from engine_witness.seen";
    const look = async () => (await admin.query<{ hosts: number }>(busy))[0]?.hosts === count;
    await until(look, { what: `${count} hosts to have had their share`, timeout: 60_000 });
  };
  await working(3);

  // One stands still in the middle of a batch, its effects written and not committed; another dies; Redis forgets all.
  await Bun.write(join(folder, "hold"), "");
  await flow.write(["hold"]);
  const holds = async () => Number(await readFile(join(folder, "held"), "utf8"));
  const pid = await until(holds, { what: "a host to hold the event", timeout: 20_000 });
  const frozen = hosts.find((host) => host.pid === pid);
  frozen?.pause();
  await Bun.file(join(folder, "hold")).delete();
  const dying = hosts.find((host) => host !== frozen);
  await Bun.sleep(Math.random() * 200);
  await dying?.kill();
  enter();
  await forget();

  const holder = async () =>
    (await admin.query<{ pid: number }>("select pid from engine_witness.seen where key = 'hold'")).map(
      (row) => row.pid,
    );
  await until(async () => (await holder()).length > 0, { what: "another host to take over", timeout: 40_000 });
  expect(await holder()).not.toContain(pid);
  frozen?.resume();
  await sharing(frozen);
  await forget();
  await working(4);
  await flow.stop();

  const seen = async () =>
    await admin.query<{ tenant_id: string; key: string; seq: number; pid: number }>(
      "select tenant_id, key, seq, pid from engine_witness.seen order by place",
    );
  const done = async () => (await seen()).length >= flow.written;
  await until(done, { what: "everything to be handled", timeout: 40_000 });
  const rows = await seen();
  expect(rows.length).toBe(flow.written);
  expect(new Set(rows.map(({ seq }) => seq)).size).toBe(flow.written);
  const latest = new Map<string, number>();
  const outOfOrder = rows.filter(({ tenant_id, key, seq }) => {
    const before = latest.get(`${tenant_id} ${key}`) ?? 0;
    latest.set(`${tenant_id} ${key}`, seq);
    return seq <= before;
  });
  expect(outOfOrder).toEqual([]);
  expect(await holder()).toHaveLength(1);
  expect(await admin.query("select 1 from parked_event")).toEqual([]);
  const shown = await runAsOwner(launch, database, ["engine", "show", "witness"]);
  expect(JSON.parse(shown).hosts).toContainEqual(
    expect.objectContaining({ state: "running", settings: { WITNESS_FOLDER: folder, WITNESS_TOKEN: "(set)" } }),
  );
  await Promise.all(hosts.map((host) => (host.running ? host.stop() : undefined)));
}, 180_000);
