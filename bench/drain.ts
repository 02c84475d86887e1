import { join } from "node:path";
import type postgres from "postgres";
import { type Program, startProgram } from "../test/harness/program.ts";
import { withClient } from "../test/harness/redis.ts";
import { withSession } from "../test/harness/session.ts";
import { until } from "../test/harness/until.ts";
import { publishAll, unpublish } from "./backlog.ts";
import type { BenchPlatform } from "./platform.ts";

/** How fast a backlog was worked off, and what it cost. */
export interface Drained {
  per_second: number;
  /** Bytes of write-ahead log for each event. */
  wal: number;
}

const PLUGINS = join(import.meta.dir, "plugins");

/**
 * An engine of bench/plugins, installed alone, works off `events` of the whole history. "stream": it runs before anything
 * is published and is frozen until all is, so it reads Redis; "ledger": it starts late and catches up from PostgreSQL.
 */
export async function drainByEngine(
  platform: BenchPlatform,
  engine: string,
  events: number,
  through: "stream" | "ledger",
): Promise<Drained> {
  const table = `engine_${engine.replaceAll("-", "_")}.effect`;
  await platform.installOnly(join(PLUGINS, engine));
  return await withSession(platform.database.urls.admin, async (sql) => {
    await sql.unsafe(`delete from engine_position where engine = '${engine}'`);
    if (through === "stream") await unpublish(platform);
    const begin = async () => {
      const { process, url } = platform.start("engines", { PLUGINS_DIR: PLUGINS });
      if (through === "stream") {
        await process.ready(`${url}/ready`);
        await publishBehind(platform, process, sql);
      }
      return async () => {
        const code = await process.stop();
        if (code !== 0) throw new Error(`the engine host ended with ${code}: ${process.output}`);
      };
    };
    return await drain(sql, table, events, begin);
  });
}

/** Publishes the whole ledger anew while `host` stands still. */
export async function publishBehind(platform: BenchPlatform, host: Program, sql: postgres.Sql): Promise<void> {
  // At the end of its streams: what is published before it is there, it would read from the ledger.
  await withClient(platform.redis.url, (client) =>
    until(async () => Number(/blocked_clients:(\d+)/.exec(await client.info("clients"))?.[1]) > 0, {
      what: "the engine to wait for news",
    }),
  );
  // Not in the middle of a transaction: nobody could take the locks from it.
  const standsBetween = async () => {
    host.pause();
    const open = await sql`
      select from pg_stat_activity
      where datname = current_database() and usename = 'basecommerce_engines' and xact_start is not null`;
    if (open.length > 0) host.resume();
    return open.length === 0;
  };
  await until(standsBetween, { what: "the host to stand still between two transactions" });
  // A host that stood still for longer than its leases reads what it takes again from the ledger.
  await sql`update engine_position set lease_until = now() + interval '1 hour'`;
  await sql`update lease set lease_until = now() + interval '1 hour' where name like 'engine %'`;
  await publishAll(platform);
  host.resume();
}

export interface Peer {
  /** File in bench/peers/. */
  script: string;
  args: readonly string[];
}

/** A peer in a process of its own works off what was queued for it; its effects are in `peer.effect`. */
export async function drainByPeer(platform: BenchPlatform, { script, args }: Peer, events: number): Promise<Drained> {
  return await withSession(platform.database.urls.admin, (sql) =>
    drain(sql, "peer.effect", events, async () => {
      const process = startProgram({ command: ["bun", join(import.meta.dir, "peers", script)], args });
      return async () => {
        if (!process.running) throw new Error(`${script} ended: ${process.output}`);
        await process.kill();
      };
    }),
  );
}

async function drain(
  sql: postgres.Sql,
  table: string,
  events: number,
  start: () => Promise<() => Promise<void>>,
): Promise<Drained> {
  await sql.unsafe(`truncate ${table}`);
  await sql.unsafe("checkpoint");
  const before = await walPosition(sql);
  const stop = await start();
  const rows = async () => (await sql.unsafe<{ n: number }[]>(`select count(*)::int as n from ${table}`))[0]?.n;
  try {
    await until(async () => ((await rows()) ?? 0) >= 2 * events, {
      what: `${events} effects`,
      timeout: 120_000,
      every: 100,
    });
  } finally {
    await stop();
  }
  const wal = ((await walPosition(sql)) - before) / (((await rows()) ?? 0) / 2);
  return { per_second: await pace(sql, table), wal };
}

/**
 * By the commit timestamps of the effects: from the first commit to the last, the events of the first left out, as the
 * time they took lies before. Neither the start nor how often this process looks is measured.
 */
async function pace(sql: postgres.Sql, table: string): Promise<number> {
  const [row] = await sql.unsafe<{ events: number; seconds: number }[]>(`
    select (sum(n) filter (where at > first))::float8 / 2 as events,
           extract(epoch from max(at) - min(at))::float8 as seconds
    from (select at, n, min(at) over () as first from (
      select pg_xact_commit_timestamp(xmin) as at, count(*) as n from ${table} group by xmin) c) t`);
  if (!row || row.seconds === 0) throw new Error("all effects came in one commit: take more events");
  return row.events / row.seconds;
}

export async function walPosition(sql: postgres.Sql): Promise<number> {
  const [row] = await sql<{ bytes: number }[]>`
    select pg_wal_lsn_diff(pg_current_wal_insert_lsn(), '0/0')::float8 as bytes`;
  return row?.bytes ?? 0;
}
