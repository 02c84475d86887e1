import { cleanUp } from "../test/harness/cleanup.ts";
import type { Effort, Family } from "./family.ts";
import { type Figure, figure } from "./figure.ts";
import { benchmark, drain, openServers, plainPipeline, readOnly } from "./relay/drain.ts";
import { latency } from "./relay/latency.ts";
import { appendEvents } from "./relay/ledger.ts";
import { quantile } from "./sample.ts";
import { table } from "./table.ts";

const RATES = [100, 1000, 5000];
const SECONDS = 4;
const BACKLOG = 200_000;
/** As a relay has it that nobody told anything else. */
const STREAMS_MAX_BYTES = 256 * 1024 * 1024;
const BEHIND = { few: 10_000, many: 2_000_000 };

async function measure({ repetitions, scale }: Effort, say: (line: string) => void): Promise<Figure[]> {
  const servers = await openServers();
  const count = Math.round(BACKLOG * scale);
  say(`${count} events into the ledger`);
  await appendEvents(servers.admin, count);
  const drained: number[] = [];
  const reference: number[] = [];
  const plain: number[] = [];
  const read: number[] = [];
  // In turn, so that a busy moment of the machine meets all.
  for (let i = 0; i < repetitions; i++) {
    drained.push(await drain(servers, count));
    reference.push(await benchmark(servers, count));
    plain.push(await plainPipeline(servers, count));
    read.push(await readOnly(servers, count));
  }
  const behind = Math.round(BEHIND.many * scale);
  say(`${behind} more events into the ledger`);
  await appendEvents(servers.admin, behind);
  const few: number[] = [];
  const many: number[] = [];
  const page = Math.round(Math.min(BEHIND.few * scale, count));
  for (let i = 0; i < repetitions; i++) {
    few.push(await drain(servers, count, { from: page }));
    many.push(await drain(servers, count, { from: behind }));
  }
  const all = count + behind;
  say(`all ${all} events, into streams of 256 MB`);
  const long = [await drain(servers, all, { streams_max_bytes: STREAMS_MAX_BYTES })];
  const long_reference = [await benchmark(servers, count)];
  const long_read = [await readOnly(servers, all)];
  const waits: Figure[] = [];
  const idle: number[] = [];
  for (const rate of RATES) {
    const runs = [];
    for (let i = 0; i < repetitions; i++) runs.push(await latency(servers, rate, SECONDS));
    idle.push(...runs.map(({ idle_cpu }) => idle_cpu * 100));
    for (const [name, part] of [
      ["p50", 0.5],
      ["p99", 0.99],
    ] as const) {
      const values = runs.map(({ commit_to_stream }) => quantile(commit_to_stream, part));
      waits.push(figure({ name: `commit to stream at ${rate} events/s, ${name}`, unit: "ms", values }));
    }
  }
  return [
    ...waits,
    figure({ name: "CPU of an idle relay", unit: "% of a core", values: idle }),
    figure({
      name: "relay drains",
      unit: "events/s",
      values: drained,
      reference: { name: "redis-benchmark -P 200 XADD of the same entry", values: reference },
      reach: { ratio_at_least: 0.25 },
    }),
    figure({
      name: "relay drains, against the plain way",
      unit: "events/s",
      values: drained,
      reference: { name: "page, ioredis pipeline, next page", values: plain },
    }),
    figure({
      name: "relay drains, against reading alone",
      unit: "events/s",
      values: drained,
      reference: { name: "the same pages read and thrown away", values: read },
    }),
    figure({
      name: `relay drains ${all} events`,
      unit: "events/s",
      values: long,
      reference: { name: "redis-benchmark right after it", values: long_reference },
      reach: { ratio_at_least: 0.25 },
    }),
    figure({
      name: `relay drains ${all} events, against reading alone`,
      unit: "events/s",
      values: long,
      reference: { name: "the same pages read and thrown away", values: long_read },
    }),
    figure({
      name: `relay drains with ${behind} events behind`,
      unit: "events/s",
      values: many,
      reference: { name: `the same with ${page} behind`, values: few },
      reach: { ratio_at_least: 0.85 },
    }),
  ];
}

/** How fast the relay copies a backlog. */
export const relay: Family = {
  about: "the relay draining a backlog, against Redis' own benchmark, the plain way, and reading alone",
  measure,
};

if (import.meta.main) {
  const [repetitions = "3", scale = "1"] = process.argv.slice(2);
  try {
    const figures = await measure({ repetitions: Number(repetitions), scale: Number(scale) }, (line) =>
      console.log(line),
    );
    for (const line of table(figures)) console.log(line);
  } finally {
    await cleanUp();
  }
  process.exit(0);
}
