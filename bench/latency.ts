import { join } from "node:path";
import { startProgram } from "../test/harness/program.ts";
import { withSession } from "../test/harness/session.ts";
import { until } from "../test/harness/until.ts";
import { binary } from "./binary.ts";
import type { Effort, Family } from "./family.ts";
import { type Figure, figure } from "./figure.ts";
import { write } from "./pace/write.ts";
import { type BenchPlatform, openPlatform } from "./platform.ts";
import { quantile } from "./sample.ts";
import { makeShops } from "./shops.ts";

const PER_SECOND = 500;
const SECONDS = 6;
/** Rounds before it is measured: both go on compiling their hot code for about 10,000 events. */
const WARM_ROUNDS = 3;
/** What the first second shows is the start of a load, not the load. */
const WARM_SECONDS = 1;
const SHOPS = 50;
const PLUGINS = join(import.meta.dir, "plugins");

const PEER_SCHEMA = `
  create schema peer;
  create table peer.sent (id uuid primary key);
  create table peer.effect (id uuid primary key)`;

/**
 * Both ends by the server's own clock: the commit timestamps of the transaction that wrote the event (or the job) and of
 * the one that wrote its effect. Nobody's scheduling between the server and this process is measured.
 */
const EVENTS = `
  select extract(epoch from done - sent)::float8 * 1000 as ms from (
    select pg_xact_commit_timestamp(e.xmin) as sent, pg_xact_commit_timestamp(f.xmin) as done
    from engine_bench_latency.effect f join event_log e using (event_id)
    where e.occurred_at >= $1::text::timestamptz) t
  where sent > $1::text::timestamptz + make_interval(secs => $2::float8)`;
const JOBS = `
  select extract(epoch from done - sent)::float8 * 1000 as ms from (
    select pg_xact_commit_timestamp(s.xmin) as sent, pg_xact_commit_timestamp(f.xmin) as done
    from peer.effect f join peer.sent s using (id)) t
  where sent > $1::text::timestamptz + make_interval(secs => $2::float8)`;

type Kind = "events" | "jobs";

interface Run {
  per_second: number;
  /** Milliseconds from commit to commit of every event (or job), sorted. */
  latencies: number[];
}

async function once(platform: BenchPlatform, kind: Kind, seconds: number): Promise<Run> {
  const { admin, vertical } = platform.database.urls;
  return await withSession(admin, async (sql) => {
    const [begin] = await sql<{ now: string }[]>`select clock_timestamp()::text as now`;
    const from = begin?.now ?? "";
    const plan = { kind, redis_url: platform.redis.url, shops: SHOPS, per_second: PER_SECOND, seconds };
    const per_second = await write({ ...plan, url: kind === "events" ? vertical : admin });
    const wanted = Math.min(per_second, PER_SECOND) * (seconds - WARM_SECONDS) * 0.9;
    const look = () => sql.unsafe<{ ms: number }[]>(kind === "events" ? EVENTS : JOBS, [from, WARM_SECONDS]);
    let seen = -1;
    const rows = await until(
      async () => {
        const found = await look();
        const still = found.length === seen;
        seen = found.length;
        return still && found.length >= wanted && found;
      },
      { what: `the effects of ${kind}`, every: 300 },
    );
    return { per_second, latencies: rows.map(({ ms }) => ms).sort((a, b) => a - b) };
  });
}

async function measure(effort: Effort, say: (line: string) => void): Promise<Figure[]> {
  const platform = await openPlatform(await binary(say));
  const { admin } = platform.database.urls;
  await makeShops(admin, SHOPS);
  await platform.installOnly(join(PLUGINS, "bench-latency"));
  await Promise.all([platform.ready("relay"), platform.ready("engines", { PLUGINS_DIR: PLUGINS })]);
  await withSession(admin, (sql) => sql.unsafe(PEER_SCHEMA));
  const script = join(import.meta.dir, "peers/graphile-worker.ts");
  const insert = "insert into peer.effect (id) values (($1::text::json -> 0 ->> 'id')::uuid)";
  const peer = startProgram({ command: ["bun", script], args: [admin, "defaults", insert] });
  await peer.line("running");
  const seconds = Math.max(WARM_SECONDS + 1, SECONDS * effort.scale);
  // What a load meets on a droplet that has run for a while.
  for (let i = 0; i < WARM_ROUNDS; i++) {
    await once(platform, "events", seconds);
    await once(platform, "jobs", seconds);
  }
  const runs: Record<Kind, Run[]> = { events: [], jobs: [] };
  for (let i = 0; i < effort.repetitions; i++) {
    runs.events.push(await once(platform, "events", seconds));
    runs.jobs.push(await once(platform, "jobs", seconds));
  }
  const at = (kind: Kind, q: number) => runs[kind].map(({ latencies }) => quantile(latencies, q));
  const beside = (q: number) => ({ name: "graphile-worker", values: at("jobs", q) });
  const name = (part: string) => `commit to effect at ${PER_SECOND}/s, ${part}`;
  const pace = (kind: Kind) => runs[kind].map(({ per_second }) => per_second);
  return [
    figure({
      name: `commits, ${PER_SECOND}/s wanted`,
      unit: "/s",
      values: pace("events"),
      reference: { name: "graphile-worker", values: pace("jobs") },
    }),
    figure({
      name: name("p50"),
      unit: "ms",
      values: at("events", 0.5),
      reference: beside(0.5),
      reach: { value_at_most: 3 },
    }),
    figure({ name: name("p90"), unit: "ms", values: at("events", 0.9), reference: beside(0.9) }),
    figure({
      name: name("p99"),
      unit: "ms",
      values: at("events", 0.99),
      reference: beside(0.99),
      reach: { value_at_most: 15 },
    }),
  ];
}

export const latency: Family = {
  about: "from the commit of an event to the commit of its effect, through relay, Redis and engine host",
  measure,
};
