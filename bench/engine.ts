import { join } from "node:path";
import { startProgram } from "../test/harness/program.ts";
import { withSession } from "../test/harness/session.ts";
import { fillLedger } from "./backlog.ts";
import { binary } from "./binary.ts";
import { type Drained, drainByEngine, drainByPeer, type Peer, walPosition } from "./drain.ts";
import type { Effort, Family } from "./family.ts";
import { type Figure, figure } from "./figure.ts";
import { type BenchPlatform, openPlatform } from "./platform.ts";

/** The same number of rows in one statement as the set-based engine's batches have. */
const BATCH = 1000;
const TENANTS = [1, 1000];

const PEER_SCHEMA = `
  create schema peer;
  create table peer.effect (tenant_id uuid not null, event_id uuid not null, part smallint not null,
                            quantity numeric not null, primary key (tenant_id, event_id, part))`;
const EFFECTS = `
  insert into peer.effect (tenant_id, event_id, part, quantity)
  select e.tenant_id, e.event_id, part, e.quantity
  from json_to_recordset($1::text::json) as e (tenant_id uuid, event_id uuid, quantity numeric), generate_series(1, 2) as part`;
/** The effects alone, in batches, as cheap as the database can write them: bytes of write-ahead log for each event. */
async function bareWal({ database }: BenchPlatform, events: number): Promise<number> {
  return await withSession(database.urls.admin, async (sql) => {
    await sql.unsafe("truncate peer.effect");
    await sql.unsafe("checkpoint");
    const before = await walPosition(sql);
    const tenant_id = crypto.randomUUID();
    for (let done = 0; done < events; done += BATCH) {
      const rows = Array.from({ length: BATCH }, () => ({
        tenant_id,
        event_id: Bun.randomUUIDv7(),
        quantity: "10.000",
      }));
      await sql.unsafe(EFFECTS, [JSON.stringify(rows)]);
    }
    return ((await walPosition(sql)) - before) / events;
  });
}

async function fill(peer: Peer): Promise<void> {
  const { script, args } = peer;
  const { code, output } = await startProgram({ command: ["bun", join(import.meta.dir, "peers", script)], args })
    .exited;
  if (code !== 0) throw new Error(`${script} could not fill its queue: ${output}`);
}

type Kind = "set" | "single" | "late";
type PeerName = "pg-boss" | "bullmq" | "graphile tuned" | "graphile defaults";

/** Of the slower ones fewer are taken: a rate is a rate. */
function fewerOf(events: number): number {
  return Math.ceil(events / 5);
}

async function engines(tenants: number, events: number, effort: Effort, program: string) {
  const platform = await openPlatform(program);
  await fillLedger(platform, events, tenants);
  const runs: Record<Kind, Drained[]> = { set: [], single: [], late: [] };
  for (let i = 0; i < effort.repetitions; i++) {
    runs.set.push(await drainByEngine(platform, "bench-set", events, "stream"));
    runs.late.push(await drainByEngine(platform, "bench-set", events, "ledger"));
    runs.single.push(await drainByEngine(platform, "bench-single", events, "stream"));
  }
  return runs;
}

async function peers(platform: BenchPlatform, tenants: number, events: number, effort: Effort) {
  const url = platform.database.urls.admin;
  const runs: Record<PeerName, Drained[]> = {
    "pg-boss": [],
    bullmq: [],
    "graphile tuned": [],
    "graphile defaults": [],
  };
  const plans: { name: PeerName; script: string; where: string[]; mode: string; count: number }[] = [
    { name: "pg-boss", script: "pg-boss.ts", where: [url], mode: "work", count: events },
    { name: "bullmq", script: "bullmq.ts", where: [url, platform.redis.url], mode: "work", count: fewerOf(events) },
    { name: "graphile tuned", script: "graphile-worker.ts", where: [url], mode: "tuned", count: fewerOf(events) },
    { name: "graphile defaults", script: "graphile-worker.ts", where: [url], mode: "defaults", count: fewerOf(events) },
  ];
  for (let i = 0; i < effort.repetitions; i++) {
    for (const { name, script, where, mode, count } of plans) {
      await fill({ script, args: [...where, "fill", "", `${count}`, `${tenants}`] });
      runs[name].push(await drainByPeer(platform, { script, args: [...where, mode, EFFECTS] }, count));
    }
  }
  return runs;
}

async function measure(effort: Effort, say: (line: string) => void): Promise<Figure[]> {
  const program = await binary(say);
  const events = Math.ceil((50_000 * effort.scale) / BATCH) * BATCH;
  const beside = await openPlatform(program);
  await withSession(beside.database.urls.admin, (sql) => sql.unsafe(PEER_SCHEMA));
  const bare = await bareWal(beside, events);
  const figures: Figure[] = [];
  const rates = (runs: readonly Drained[]) => runs.map(({ per_second }) => per_second);
  for (const tenants of TENANTS) {
    const peer = await peers(beside, tenants, events, effort);
    const against = (name: string, kind: "set" | "single", runs: Drained[], other: PeerName, ratio: number) =>
      figure({
        name: `${name}, ${kind === "set" ? "set-based" : "per event"}`,
        unit: "events/s",
        values: rates(runs),
        reference: { name: other, values: rates(peer[other]) },
        reach: { ratio_at_least: ratio },
      });
    const { set, single, late } = await engines(tenants, events, effort, program);
    const name = `${tenants} ${tenants === 1 ? "tenant" : "tenants"}`;
    figures.push(
      against(name, "set", set, "pg-boss", 2.5),
      against(name, "set", set, "bullmq", 8),
      figure({
        name: `${name}, set-based, catching up from the ledger`,
        unit: "events/s",
        values: rates(late),
        reference: { name: "from the stream", values: rates(set) },
      }),
      against(name, "single", single, "graphile tuned", 1),
      against(name, "single", single, "graphile defaults", 4),
      figure({
        name: `${name}, set-based: WAL of an event`,
        unit: "bytes",
        values: set.map(({ wal }) => wal),
        reference: { name: "the batch insert alone", values: [bare] },
        reach: { ratio_at_most: 1.15 },
      }),
      figure({ name: `${name}, per event: WAL of an event`, unit: "bytes", values: single.map(({ wal }) => wal) }),
    );
  }
  return figures;
}

export const engine: Family = {
  about: "a backlog worked off by engines, beside queues that write the same rows",
  measure,
};
