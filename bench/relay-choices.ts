import { withClient } from "../test/harness/redis.ts";
import type { Effort, Family } from "./family.ts";
import { type Figure, figure } from "./figure.ts";
import { openServers, type Servers } from "./relay/drain.ts";
import { appendEvents } from "./relay/ledger.ts";
import { appended, copying, loadEntries, pipelined, plainCommands } from "./relay/publishing.ts";
import { copied, copyLedger, copyOut, cursor, pages, spans } from "./relay/reading.ts";

const EVENTS = 60_000;

type Way = readonly [name: string, run: (servers: Servers) => Promise<void>, events: number];

/** Ways to do the same work; the first is the one that was chosen. */
interface Choice {
  question: string;
  ways: readonly [Way, ...Way[]];
}

async function choicesOf(servers: Servers, count: number): Promise<Choice[]> {
  const entries = await loadEntries(servers, count);
  const few = entries.slice(0, Math.ceil(count / 10));
  const read = (name: string, way: (servers: Servers, count: number) => Promise<void>): Way => [
    name,
    (all) => way(all, count),
    count,
  ];
  const publish = (name: string, way: ReturnType<typeof appended>, what = entries): Way => [
    name,
    (all) => way(all, what),
    what.length,
  ];
  return [
    {
      question: "read",
      ways: [
        read("pages of 2000 after the last seq", pages(2000)),
        read("pages of 200", pages(200)),
        read("pages of 500", pages(500)),
        read("pages of 5000", pages(5000)),
        read("spans of 2000 seqs", spans),
        read("a cursor of the server, 2000 at a time", cursor),
        read("COPY to nowhere, as text", copyOut("text")),
        read("COPY to nowhere, as binary", copyOut("binary")),
      ],
    },
    {
      question: "read a payload of",
      ways: [read("json", copied("json")), read("jsonb", copied("jsonb"))],
    },
    {
      question: "publish",
      ways: [
        publish("2000 at a time, script, encoded by hand", appended(2000)),
        publish("200 at a time", appended(200)),
        publish("500 at a time", appended(500)),
        publish("5000 at a time", appended(5000)),
        publish("XADD encoded by hand, nothing checked", plainCommands),
        publish("XADD by an ioredis pipeline, nothing checked", pipelined(2000)),
        publish("XADD by ioredis, one after the other", pipelined(1), few),
      ],
    },
    {
      question: "copy",
      ways: [
        read("the next page is read while one is published", copying(true)),
        read("one after the other", copying(false)),
      ],
    },
  ];
}

async function rate(servers: Servers, [, run, events]: Way): Promise<number> {
  await withClient(servers.redis, (client) => client.flushall());
  const start = performance.now();
  await run(servers);
  return events / ((performance.now() - start) / 1000);
}

async function measure({ repetitions, scale }: Effort, say: (line: string) => void): Promise<Figure[]> {
  const servers = await openServers();
  const count = Math.max(2000, Math.round(EVENTS * scale));
  say(`${count} events into the ledger`);
  await appendEvents(servers.admin, count);
  await copyLedger(servers, count);
  const figures: Figure[] = [];
  for (const { question, ways } of await choicesOf(servers, count)) {
    say(`${question}: ${ways.length} ways`);
    const rates = ways.map((): number[] => []);
    // In turn, so that a busy moment of the machine meets all.
    for (let i = 0; i < repetitions; i++)
      for (const [n, way] of ways.entries()) rates[n]?.push(await rate(servers, way));
    const reference = { name: ways[0][0], values: rates[0] ?? [] };
    for (const [n, [name]] of ways.entries()) {
      const values = rates[n] ?? [];
      const what = { name: `${question}: ${name}`, unit: "events/s", values };
      figures.push(figure(n === 0 ? what : { ...what, reference }));
    }
  }
  return figures;
}

/** What was weighed when the relay's way was chosen; docs/relay.md has the table. */
export const relayChoices: Family = {
  about: "ways of reading the ledger and of publishing, each beside the relay's own",
  measure,
};
