import { join } from "node:path";
import type postgres from "postgres";
import { eventTypes as salesTypes } from "../engines/sales/batch.ts";
import { eventTypes as stockTypes } from "../engines/stock/batch.ts";
import { startProgram } from "../test/harness/program.ts";
import { withSession } from "../test/harness/session.ts";
import { until } from "../test/harness/until.ts";
import { unpublish } from "./backlog.ts";
import { binary } from "./binary.ts";
import { publishBehind } from "./drain.ts";
import type { Effort, Family } from "./family.ts";
import { type Figure, figure } from "./figure.ts";
import { type BenchPlatform, openPlatform } from "./platform.ts";

/** A delivered order is one sale, and moves the stock of each of its products. */
const ENGINES = {
  stock: { types: stockTypes, orders: 6000 },
  sales: { types: salesTypes, orders: 15_000 },
} as const;
type EngineName = keyof typeof ENGINES;

const TENANTS = [1, 1000];
const LOOK_EVERY_MS = 20;
const SOURCES = join(import.meta.dir, "..", "engines");

/** Where a partition's events of the engine's types are, to tell how many lie before a position. */
async function placesOf(sql: postgres.Sql, types: readonly string[]): Promise<Map<number, number[]>> {
  const rows = await sql<{ partition: number; seqs: number[] }[]>`
    select partition, json_agg(seq order by seq) as seqs from event_log
    where stream = 'construction' and event_type in ${sql([...types])} group by 1`;
  return new Map(rows.map(({ partition, seqs }) => [partition, seqs]));
}

/** Takes out of the ledger what the engine does not look at: a queue holds none of that either. */
async function keepOnly(sql: postgres.Sql, types: readonly string[]): Promise<void> {
  await sql`delete from event_log where event_type not in ${sql([...types])}`;
  await sql.unsafe("vacuum analyze");
}

function countUpto(seqs: readonly number[], position: number): number {
  let [low, high] = [0, seqs.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((seqs[middle] ?? 0) <= position) low = middle + 1;
    else high = middle;
  }
  return low;
}

async function empty(sql: postgres.Sql, engine: EngineName): Promise<void> {
  const tables = await sql<{ name: string }[]>`
    select format('%I.%I', schemaname, tablename) as name from pg_tables where schemaname = ${`engine_${engine}`}`;
  await sql.unsafe(`truncate ${tables.map(({ name }) => name).join(", ")}`);
}

/** Events of the engine's types a second, from the first commit seen to the last, through Redis. */
async function byEngine(platform: BenchPlatform, engine: EngineName): Promise<number> {
  return await withSession(platform.database.urls.admin, async (sql) => {
    await empty(sql, engine);
    await sql`delete from engine_position where engine = ${engine}`;
    await unpublish(platform);
    const places = await placesOf(sql, ENGINES[engine].types);
    const all = [...places.values()].reduce((sum, seqs) => sum + seqs.length, 0);
    const { process, url } = platform.start("engines");
    try {
      await process.ready(`${url}/ready`);
      await publishBehind(platform, process, sql);
      let first: { at: number; done: number } | undefined;
      const end = await until(
        async () => {
          const rows = await sql<{ partition: number; position: number; at: number }[]>`
            select partition, position::int, extract(epoch from clock_timestamp())::float8 as at
            from engine_position where engine = ${engine} and stream = 'construction'`;
          const done = rows.reduce((sum, row) => sum + countUpto(places.get(row.partition) ?? [], row.position), 0);
          const seen = { at: rows[0]?.at ?? 0, done };
          if (done > 0) first ??= seen;
          return done === all && seen;
        },
        { what: `${engine} to handle ${all} events`, every: LOOK_EVERY_MS, timeout: 120_000 },
      );
      if (!first || first.done === end.done) throw new Error("all was done at the first look: take more orders");
      return (end.done - first.done) / (end.at - first.at);
    } finally {
      await process.stop();
    }
  });
}

/** The same by the commit timestamps of pg-boss's completed jobs. */
async function byPeer(platform: BenchPlatform, engine: EngineName): Promise<number> {
  const { admin } = platform.database.urls;
  const command = ["bun", join(import.meta.dir, "peers/engine-jobs.ts")];
  return await withSession(admin, async (sql) => {
    await empty(sql, engine);
    await sql.unsafe("drop schema if exists pgboss cascade");
    const filled = await startProgram({ command, args: [admin, engine, "fill"] }).exited;
    if (filled.code !== 0) throw new Error(`the queue could not be filled: ${filled.output}`);
    const peer = startProgram({ command, args: [admin, engine] });
    try {
      await until(
        async () =>
          (await sql.unsafe("select from pgboss.job where state < 'completed' limit 1")).length === 0 || !peer.running,
        { what: "the queue to be empty", every: 200, timeout: 120_000 },
      );
      if (!peer.running) throw new Error(`the peer ended: ${peer.output}`);
    } finally {
      await peer.kill();
    }
    const [row] = await sql.unsafe<{ events: number; seconds: number }[]>(`
      select (sum(n) filter (where at > first))::float8 as events, extract(epoch from max(at) - min(at))::float8 as seconds
      from (select at, n, min(at) over () as first from (
        select pg_xact_commit_timestamp(xmin) as at, count(*) as n from pgboss.job where state = 'completed' group by xmin) c) t`);
    if (!row || row.seconds === 0) throw new Error("all jobs ended in one commit: take more orders");
    return row.events / row.seconds;
  });
}

async function measure(effort: Effort, say: (line: string) => void): Promise<Figure[]> {
  const program = await binary(say);
  const figures: Figure[] = [];
  for (const engine of ["stock", "sales"] as const) {
    for (const tenants of TENANTS) {
      const platform = await openPlatform(program);
      const { types } = ENGINES[engine];
      const orders = Math.ceil(ENGINES[engine].orders * effort.scale);
      await platform.run("demo", "--tenants", `${tenants}`, "--orders", `${orders}`, "--days", "90");
      await withSession(platform.database.urls.admin, (sql) => keepOnly(sql, types));
      await platform.installOnly(join(SOURCES, engine));
      const [values, reference]: [number[], number[]] = [[], []];
      for (let i = 0; i < effort.repetitions; i++) {
        values.push(await byEngine(platform, engine));
        reference.push(await byPeer(platform, engine));
      }
      say(`${engine}, ${tenants}: ${values.map(Math.round).join(", ")} beside ${reference.map(Math.round).join(", ")}`);
      figures.push(
        figure({
          name: `${engine}, ${tenants} ${tenants === 1 ? "tenant" : "tenants"}`,
          unit: "events/s",
          values,
          reference: { name: "pg-boss with the same code", values: reference },
          reach: { ratio_at_least: 2.5 },
        }),
      );
    }
  }
  return figures;
}

export const trade: Family = {
  about: "stock and sales work off what shops did, beside a queue that runs the same code",
  measure,
};
