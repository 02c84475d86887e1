import { beforeEach, describe, expect, test } from "bun:test";
import fc from "fast-check";
import { ReadAhead } from "../../src/engine-host/read-ahead.ts";
import {
  nameOf,
  type PartitionName,
  type PartitionPosition,
  type ReadOptions,
  type StreamEntry,
  type StreamReader,
} from "../../src/platform/streams/streams.ts";
import { until } from "../harness/until.ts";

const COUNT = 3;
const OPTIONS = { count: COUNT, block_ms: 1 };
const LONG = { count: COUNT, block_ms: 60_000 };

function at(positions: Readonly<Record<number, number>>): Map<PartitionName, PartitionPosition> {
  return new Map(
    Object.entries(positions).map(([partition, position]) => {
      const ref = { stream: "construction", partition: Number(partition) };
      return [nameOf(ref), { ...ref, position }];
    }),
  );
}

function entry(partition: number, seq: number): StreamEntry {
  return {
    ...{ stream: "construction", partition, seq, prev: seq - 1, event_id: `${partition} ${seq}`, tenant_id: "t" },
    ...{ event_type: "stock_updated", version: 1, key: "k", payload: "{}", occurred_at: "2026-01-31T12:00:00Z" },
    ...{ trace: null, causation_id: null, hops: 0 },
  };
}

/** Streams of partitions that end with `last`; a read without news waits for some. */
class Recorded implements StreamReader {
  readonly asked: Record<string, number>[] = [];
  readonly last: Record<number, number> = {};
  failing = false;
  #listeners: (() => void)[] = [];
  #closed = false;

  async read(positions: ReadonlyMap<PartitionName, PartitionPosition>, { count, block_ms }: ReadOptions) {
    this.asked.push(
      Object.fromEntries([...positions.values()].map(({ partition, position }) => [partition, position])),
    );
    if (this.failing) throw new Error("the connection is lost");
    const look = () =>
      [...positions.values()].flatMap(({ partition, position }) => {
        const length = Math.min(count, (this.last[partition] ?? 0) - position);
        return length > 0 ? [Array.from({ length }, (_, i) => entry(partition, position + 1 + i))] : [];
      });
    const found = look();
    if (found.length > 0 || this.#closed) return found;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#listeners.push(resolve);
    const timer = setTimeout(resolve, block_ms);
    await promise;
    clearTimeout(timer);
    if (this.failing) throw new Error("the connection is lost");
    return look();
  }

  append(partition: number, last: number): void {
    this.last[partition] = last;
    for (const wakeUp of this.#listeners.splice(0)) wakeUp();
  }

  close(): void {
    this.#closed = true;
    for (const wakeUp of this.#listeners.splice(0)) wakeUp();
  }
}

describe("reading ahead", () => {
  let stream: Recorded;
  let reader: ReadAhead;
  beforeEach(() => {
    stream = new Recorded();
    reader = new ReadAhead(stream);
  });
  const read = async (positions: Readonly<Record<number, number>>, options = LONG) =>
    (await reader.read(at(positions), options)).map((entries) => entries.map(({ seq }) => seq));

  test("brings what came while a batch was handled without asking again", async () => {
    const first = read({ 0: 0 });
    stream.append(0, 1);
    expect(await first).toEqual([[1]]);
    await until(() => stream.asked.length === 2, { what: "it to read on" });
    stream.append(0, 2);
    await until(() => stream.asked.length === 3, { what: "that to be there" });
    expect(await read({ 0: 1 })).toEqual([[2]]);
    expect(stream.asked).toEqual([{ 0: 0 }, { 0: 1 }, { 0: 2 }]);
    reader.close();
  });

  test("goes no further than one read beyond what was taken", async () => {
    stream.append(0, 100);
    expect(await read({ 0: 0 })).toEqual([[1, 2, 3]]);
    await until(() => stream.asked.length === 2, { what: "it to read on" });
    for (let turn = 0; turn < 20; turn++) await Promise.resolve();
    expect(stream.asked).toEqual([{ 0: 0 }, { 0: 3 }]);
    reader.close();
  });

  test("shares what a read may bring among partitions that are behind", async () => {
    for (let partition = 0; partition < 8; partition++) stream.append(partition, 100);
    const all = Object.fromEntries(Array.from({ length: 8 }, (_, partition) => [partition, 0]));
    const read = await reader.read(at(all), { count: 40, block_ms: 60_000 });
    expect(read.map(({ length }) => length)).toEqual(Array.from({ length: 8 }, () => 10));
    reader.close();
    const alone = new ReadAhead(stream);
    expect((await alone.read(at({ 3: 0 }), { count: 40, block_ms: 60_000 })).flat()).toHaveLength(40);
    alone.close();
  });

  test("waits no longer than it was told", async () => {
    expect(await read({ 0: 0 }, OPTIONS)).toEqual([]);
    reader.close();
  });

  test("throws away what it is told to forget, also what is on its way", async () => {
    stream.append(0, 2);
    expect(await read({ 0: 0 })).toEqual([[1, 2]]);
    await until(() => stream.asked.length === 2, { what: "it to read on" });
    reader.forget();
    const next = read({ 0: 2 });
    stream.append(0, 3);
    expect(await next).toEqual([[3]]);
    expect(stream.asked.slice(0, 3)).toEqual([{ 0: 0 }, { 0: 2 }, { 0: 2 }]);
    reader.close();
  });

  test("tells of its failure when it is asked, and reads again then", async () => {
    stream.append(0, 3);
    expect(await read({ 0: 0 })).toEqual([[1, 2, 3]]);
    stream.failing = true;
    stream.append(0, 6);
    await expect(read({ 0: 3 })).rejects.toThrow("the connection is lost");
    stream.failing = false;
    expect(await read({ 0: 3 })).toEqual([[4, 5, 6]]);
    reader.close();
  });

  test("ends with a close, also one that waits", async () => {
    const waiting = read({ 0: 0 });
    reader.close();
    expect(await waiting).toEqual([]);
  });

  test("brings each partition's entries after the position asked for, in order, whatever failed or changed hands", async () => {
    const step = fc.record({
      grows: fc.dictionary(fc.constantFrom("0", "1", "2"), fc.nat(7), { maxKeys: 3 }),
      fails: fc.boolean(),
      moved: fc.option(fc.record({ partition: fc.nat(2), to: fc.nat(10) }), { nil: undefined, freq: 4 }),
      forgets: fc.boolean(),
      turns: fc.nat(8),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 15 }), async (steps) => {
        const streams = new Recorded();
        const ahead = new ReadAhead(streams);
        const positions: Record<number, number> = { 0: 0, 1: 0 };
        for (const { grows, fails, moved, forgets, turns } of steps) {
          for (const [partition, by] of Object.entries(grows)) {
            streams.append(Number(partition), (streams.last[Number(partition)] ?? 0) + by);
          }
          for (let turn = 0; turn < turns; turn++) await Promise.resolve();
          if (forgets) ahead.forget();
          // Given away, or taken over at whatever place the other one left it.
          if (moved && positions[moved.partition] === undefined) positions[moved.partition] = moved.to;
          else if (moved && Object.keys(positions).length > 1) delete positions[moved.partition];
          for (const entries of await ahead.read(at(positions), OPTIONS)) {
            const partition = entries[0]?.partition ?? -1;
            const from = positions[partition] ?? Number.NaN;
            expect(entries.length).toBeLessThanOrEqual(COUNT);
            expect(entries.map(({ seq }) => seq)).toEqual(entries.map((_, i) => from + 1 + i));
            if (!fails) positions[partition] = from + entries.length;
          }
        }
        const owed = () =>
          Object.entries(positions).some(([partition, at]) => at < (streams.last[Number(partition)] ?? 0));
        while (owed()) {
          for (const entries of await ahead.read(at(positions), LONG)) {
            for (const { partition, seq } of entries) positions[partition] = seq;
          }
        }
        ahead.close();
      }),
      { numRuns: 150 },
    );
  });

  test("holds a few megabytes of large payloads, whatever the number of events asked for", async () => {
    const payload = "x".repeat(1024 * 1024);
    const last = 100;
    let given = 0;
    const large: StreamReader = {
      close: () => undefined,
      read: async (positions, { count }) => {
        const found = [...positions.values()].map(({ partition, position }) =>
          Array.from({ length: Math.min(count, last - position) }, (_, i) => ({
            ...entry(partition, position + 1 + i),
            payload,
          })),
        );
        given += found.flat().length;
        return found.filter((entries) => entries.length > 0);
      },
    };
    const ahead = new ReadAhead(large);
    const positions = at(Object.fromEntries(Array.from({ length: 16 }, (_, partition) => [partition, 0])));
    let taken = 0;
    let most = 0;
    for (let reads = 0; taken < 16 * last; reads++) {
      for (const entries of await ahead.read(positions, { count: 50, block_ms: 1 })) {
        taken += entries.length;
        const end = entries.at(-1);
        if (end) positions.set(nameOf(end), { ...end, position: end.seq });
      }
      // What the first read will bring nobody can tell.
      if (reads > 0) most = Math.max(most, given - taken);
    }
    ahead.close();
    expect(most).toBeGreaterThan(0);
    expect(most).toBeLessThanOrEqual(32);
  });
});
