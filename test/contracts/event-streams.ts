import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import {
  type EventStreams,
  nameOf,
  type PartitionPosition,
  type PartitionRef,
  type StreamEntry,
} from "../../src/platform/streams/streams.ts";
import { until } from "../harness/until.ts";

/** One implementation under test, with what stands behind it. */
export interface StreamsUnderTest {
  /** What the process under test sees. */
  streams: EventStreams;
  /** The same streams as another process sees them. */
  other: EventStreams;
  /** Has `entries` where the streams take them from, for implementations that copy nothing. */
  commit(entries: readonly StreamEntry[]): Promise<void>;
}

export interface StreamsContract {
  start(): Promise<StreamsUnderTest>;
  /** False for the ledger itself, which forgets nothing and keeps no copy that could be trimmed. */
  copies: boolean;
}

let seq = 0;

/** Entries of one partition that follow each other; `payload_bytes` of text in each. */
export function entriesOf(ref: PartitionRef, count: number, payload_bytes = 20): StreamEntry[] {
  const entries: StreamEntry[] = [];
  for (let i = 0; i < count; i++) {
    seq++;
    entries.push({
      seq,
      event_id: Bun.randomUUIDv7(),
      tenant_id: "0190a5e0-0000-7000-8000-000000000001",
      stream: ref.stream,
      partition: ref.partition,
      event_type: "quote_created",
      version: 1,
      key: `caminhão ${i} ✓`,
      payload: JSON.stringify({ text: "á".repeat(Math.ceil(payload_bytes / 2)), quote: '"\r\n$-1' }),
      occurred_at: "2026-01-31T12:00:00.123456Z",
      trace: i % 2 === 0 ? null : "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
      causation_id: i % 3 === 0 ? null : Bun.randomUUIDv7(),
      hops: i % 4,
      prev: entries.at(-1)?.seq ?? 0,
    });
  }
  return entries;
}

function at(ref: PartitionRef, position = 0): PartitionPosition {
  return { stream: ref.stream, partition: ref.partition, position };
}

function positions(...places: PartitionPosition[]): Map<ReturnType<typeof nameOf>, PartitionPosition> {
  return new Map(places.map((place) => [nameOf(place), place]));
}

/** What every implementation of `EventStreams` promises. */
export function eventStreamsContract(name: string, { start, copies }: StreamsContract): void {
  describe(name, () => {
    let parts: StreamsUnderTest;
    let partition = 0;
    const fresh = (): PartitionRef => ({ stream: "construction", partition: partition++ });

    beforeAll(async () => {
      parts = await start();
    }, 60_000);
    afterAll(async () => {
      await parts.streams.close();
      await parts.other.close();
    });

    const read = async (ref: PartitionRef, position = 0, count = 1000) => {
      const reader = parts.streams.reader();
      try {
        return (await reader.read(positions(at(ref, position)), { count, block_ms: 20 })).flat();
      } finally {
        reader.close();
      }
    };
    const publish = async (entries: readonly StreamEntry[]) => {
      await parts.commit(entries);
      await parts.streams.append(entries);
    };

    test("what is appended is read back field for field, in order", async () => {
      const ref = fresh();
      const entries = entriesOf(ref, 7);
      await publish(entries);
      expect((await read(ref)).map((entry) => ({ ...entry }))).toMatchObject(entries);
    });

    test("a read begins after the position and gives as many as asked for", async () => {
      const ref = fresh();
      const entries = entriesOf(ref, 5);
      await publish(entries);
      const found = await read(ref, entries[1]?.seq, 2);
      expect(found.map((entry) => entry.seq)).toEqual(entries.slice(2, 4).map((entry) => entry.seq));
    });

    test("appending again, whole or in part, adds nothing", async () => {
      const ref = fresh();
      const entries = entriesOf(ref, 4);
      await publish(entries.slice(0, 3));
      await parts.streams.append(entries.slice(0, 2));
      await publish(entries);
      expect((await read(ref)).map((entry) => entry.seq)).toEqual(entries.map((entry) => entry.seq));
    });

    test("partitions are apart from each other and read together", async () => {
      const refs = [fresh(), fresh(), fresh()];
      const all = refs.map((ref) => entriesOf(ref, 3));
      await publish(all.flat().sort((a, b) => a.seq - b.seq));
      const reader = parts.streams.reader();
      const found = new Map(refs.map((ref) => [nameOf(ref), at(ref)]));
      const seen: number[] = [];
      await until(
        async () => {
          for (const entries of await reader.read(found, { count: 10, block_ms: 20 })) {
            for (const entry of entries) {
              if (entry.seq <= (found.get(nameOf(entry))?.position ?? 0)) continue;
              seen.push(entry.seq);
              found.set(nameOf(entry), at(entry, entry.seq));
            }
          }
          return seen.length >= 9;
        },
        { what: "all partitions to be read" },
      );
      reader.close();
      expect(seen.sort((a, b) => a - b)).toEqual(all.flat().map((entry) => entry.seq));
    });

    test("a blocked read ends with the first entry, and empty when none comes", async () => {
      const ref = fresh();
      const entries = entriesOf(ref, 1);
      expect(await read(ref)).toEqual([]);
      const reader = parts.streams.reader();
      const blocked = reader.read(positions(at(ref)), { count: 10, block_ms: 10_000 });
      await publish(entries);
      expect((await blocked).flat().map((entry) => entry.seq)).toEqual(entries.map((entry) => entry.seq));
      reader.close();
    });

    test("ends tell last seq and newest entry; a partition without entries has none", async () => {
      const [ref, empty] = [fresh(), fresh()];
      const entries = entriesOf(ref, 3);
      await publish(entries);
      const ends = await parts.streams.ends([ref, empty]);
      const newest = entries.at(-1);
      expect(ends.get(nameOf(ref))).toMatchObject({
        last_seq: newest?.seq,
        newest: { seq: newest?.seq, event_id: newest?.event_id },
      });
      expect(ends.has(nameOf(empty))).toBe(false);
    });

    test("a hint wakes who listens, until it stops listening", async () => {
      let heard = 0;
      const quiet = parts.streams.onWake(() => heard++);
      await until(
        () => {
          parts.streams.wake();
          return heard > 0;
        },
        { what: "a hint" },
      );
      quiet();
    });

    test("payloads of a megabyte pass unchanged", async () => {
      const ref = fresh();
      const entries = entriesOf(ref, 6, 1_000_000);
      await publish(entries);
      const found: StreamEntry[] = [];
      for (let more = await read(ref); more.length > 0; more = await read(ref, found.at(-1)?.seq)) found.push(...more);
      expect(found.map((entry) => entry.payload.length)).toEqual(entries.map((entry) => entry.payload.length));
      expect(found.at(-1)?.payload).toBe(entries.at(-1)?.payload ?? "");
    });

    if (!copies) return;

    test("a partition that is gone is not made by what follows, only by a refill", async () => {
      const [ref, beside] = [fresh(), fresh()];
      const entries = entriesOf(ref, 4);
      const others = entriesOf(beside, 1);
      await publish(entries.slice(0, 2));
      await parts.streams.remove(ref);
      const failure = parts.streams.append([...entries.slice(2), ...others]);
      await expect(failure).rejects.toMatchObject({ code: "streams_lost", partitions: [ref] });
      expect(await read(ref)).toEqual([]);
      expect(await read(beside)).toHaveLength(1);
      await parts.streams.refill(entries.slice(2));
      expect(await read(ref)).toHaveLength(2);
    });

    test("what does not follow a stream's last entry stays out of it, whoever sends it", async () => {
      const ref = fresh();
      const entries = entriesOf(ref, 80);
      await publish(entries.slice(0, 3));
      const lost = { code: "streams_lost", partitions: [ref] };
      await expect(parts.other.append(entries.slice(4))).rejects.toMatchObject(lost);
      await expect(parts.other.refill(entries.slice(40))).rejects.toMatchObject(lost);
      expect(await read(ref)).toHaveLength(3);
      // Where something stands that the sender does not know of, what follows in its ledger does not follow here.
      const [, , third, fourth, fifth] = entries;
      if (!third || !fourth || !fifth) throw new Error("there are 80");
      await expect(parts.streams.append([{ ...fifth, prev: third.prev }])).rejects.toMatchObject(lost);
      await parts.streams.append(entries);
      expect((await read(ref)).map((entry) => entry.prev)).toEqual(entries.map((entry) => entry.prev));
    });

    test("trimming and shortening drop the oldest, and the last seq is remembered", async () => {
      const ref = fresh();
      const entries = entriesOf(ref, 10);
      await publish(entries);
      await parts.streams.trim(ref, entries[4]?.seq ?? 0);
      expect((await read(ref))[0]?.seq).toBe(entries[4]?.seq ?? 0);
      await parts.streams.shorten(ref, 2);
      expect((await read(ref)).map((entry) => entry.seq)).toEqual(entries.slice(8).map((entry) => entry.seq));
      await parts.streams.append(entries.slice(0, 5));
      const end = (await parts.streams.ends([ref])).get(nameOf(ref));
      expect(end).toMatchObject({ last_seq: entries.at(-1)?.seq, length: 2 });
      expect(end?.bytes).toBeGreaterThan(100);
    });

    test("what stands after a seq is told by its ids", async () => {
      const ref = fresh();
      const entries = entriesOf(ref, 5);
      await publish(entries);
      const names = entries.map((entry) => ({ seq: entry.seq, event_id: entry.event_id }));
      expect(await parts.streams.after(ref, entries[1]?.seq ?? 0, 10)).toEqual(names.slice(2));
      expect(await parts.streams.after(ref, 0, 2)).toEqual(names.slice(0, 2));
    });

    test("another process appends to the same partition without adding anything twice", async () => {
      const ref = fresh();
      const entries = entriesOf(ref, 200);
      await Promise.all([parts.streams.append(entries), parts.other.append(entries)]);
      expect((await read(ref)).map((entry) => entry.seq)).toEqual(entries.map((entry) => entry.seq));
    });
  });
}
