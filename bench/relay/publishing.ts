import { Redis } from "ioredis";
import { PostgresDatabase } from "../../src/platform/database/postgres.ts";
import { LedgerReader } from "../../src/platform/events/ledger-reader.ts";
import { fieldsOf } from "../../src/platform/streams/entry.ts";
import { RedisStreams } from "../../src/platform/streams/redis.ts";
import { RedisSocket } from "../../src/platform/streams/redis-socket.ts";
import { Replies } from "../../src/platform/streams/replies.ts";
import type { StoredEvent, StreamEntry } from "../../src/platform/streams/streams.ts";
import type { Servers } from "./drain.ts";

/** Publishes entries into an empty Redis. */
export type Publishing = (servers: Servers, entries: readonly StreamEntry[]) => Promise<void>;

/** Gives each event its predecessor, as the relay does. */
class Chain {
  readonly #last = new Map<number, number>();

  entries(events: readonly StoredEvent[]): StreamEntry[] {
    return events.map((event) => {
      const prev = this.#last.get(event.partition) ?? 0;
      this.#last.set(event.partition, event.seq);
      return { ...event, prev };
    });
  }
}

/** The first `count` events of the ledger as entries, in memory. */
export async function loadEntries({ database }: Servers, count: number): Promise<StreamEntry[]> {
  const pool = new PostgresDatabase({ url: database, application_name: "bench load", max: 1 });
  const ledger = new LedgerReader(pool);
  const chain = new Chain();
  const entries: StreamEntry[] = [];
  while (entries.length < count) {
    const events = await ledger.after(entries.at(-1)?.seq ?? 0, 2000);
    if (events.length === 0) throw new Error(`the ledger has less than ${count} events`);
    entries.push(...chain.entries(events));
  }
  await pool.close();
  return entries.slice(0, count);
}

function batches<T>(all: readonly T[], size: number): T[][] {
  return Array.from({ length: Math.ceil(all.length / size) }, (_, i) => all.slice(i * size, (i + 1) * size));
}

/** As the relay publishes: scripts that check the predecessor, encoded by hand, so many entries at a time. */
export function appended(size: number): Publishing {
  return async ({ redis }, entries) => {
    const streams = new RedisStreams(redis, "bench", () => undefined);
    for (const batch of batches(entries, size)) await streams.append(batch);
    await streams.close();
  };
}

/** XADD of each entry in one pipeline of ioredis, so many at a time; 1 = each is waited for. */
export function pipelined(size: number): Publishing {
  return async ({ redis }, entries) => {
    const client = new Redis(redis);
    for (const batch of batches(entries, size)) {
      const pipeline = client.pipeline();
      for (const entry of batch) {
        pipeline.xadd(`events:${entry.stream}:${entry.partition}`, `${entry.seq}-0`, ...fieldsOf(entry));
      }
      await pipeline.exec();
    }
    client.disconnect();
  };
}

/** The same commands encoded by hand: nothing looks at what a stream ends with. */
export const plainCommands: Publishing = async ({ redis }, entries) => {
  const { hostname, port } = new URL(redis);
  const address = { hostname, port: Number(port), tls: false, username: "", password: "", database: 0 };
  const writer = await RedisSocket.connect(address, "bench", []);
  const bulk = (word: string): string => `$${Buffer.byteLength(word)}\r\n${word}\r\n`;
  for (const batch of batches(entries, 2000)) {
    let text = "";
    for (const entry of batch) {
      const words = ["XADD", `events:${entry.stream}:${entry.partition}`, `${entry.seq}-0`, ...fieldsOf(entry)];
      text += `*${words.length}\r\n${words.map((word) => bulk(String(word))).join("")}`;
    }
    await writer.send(Buffer.from(text), new Replies(batch.length));
  }
  writer.close();
};

/** Reads pages and publishes them: one after the other, or the next page while one is published. */
export function copying(overlapping: boolean) {
  return async ({ database, redis }: Servers, count: number): Promise<void> => {
    const pool = new PostgresDatabase({ url: database, application_name: "bench copy", max: 1 });
    const streams = new RedisStreams(redis, "bench", () => undefined);
    const ledger = new LedgerReader(pool);
    const chain = new Chain();
    let next = ledger.after(0, 2000);
    for (let done = 0; done < count; ) {
      const events = await next;
      const after = events.at(-1)?.seq ?? 0;
      if (overlapping) next = ledger.after(after, 2000);
      await streams.append(chain.entries(events));
      done += events.length;
      if (!overlapping) next = ledger.after(after, 2000);
    }
    await next;
    await streams.close();
    await pool.close();
  };
}
