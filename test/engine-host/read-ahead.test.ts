import { beforeEach, describe, expect, test } from "bun:test";
import { ReadAhead } from "../../src/engine-host/read-ahead.ts";
import {
  nameOf,
  type PartitionName,
  type PartitionPosition,
  type StreamEntry,
  type StreamReader,
} from "../../src/platform/streams/streams.ts";

const REF = { stream: "construction", partition: 0 };
const OPTIONS = { count: 2, block_ms: 1000 };

function at(position: number): Map<PartitionName, PartitionPosition> {
  return new Map([[nameOf(REF), { ...REF, position }]]);
}

function entry(seq: number): StreamEntry {
  return {
    ...REF,
    ...{ seq, prev: seq - 1, event_id: Bun.randomUUIDv7(), tenant_id: "t", event_type: "stock_updated", version: 1 },
    ...{ key: "k", payload: "{}", occurred_at: "2026-01-31T12:00:00Z", trace: null, causation_id: null, hops: 0 },
  };
}

/** A stream of one partition that notes from where it was read. */
class Recorded implements StreamReader {
  readonly from: number[] = [];
  last = 0;
  failing = false;

  async read(positions: ReadonlyMap<PartitionName, PartitionPosition>, { count }: { count: number }) {
    const { position = 0 } = positions.get(nameOf(REF)) ?? {};
    this.from.push(position);
    if (this.failing) throw new Error("the connection is lost");
    const entries = Array.from({ length: Math.min(count, this.last - position) }, (_, i) => entry(position + 1 + i));
    return entries.length === 0 ? [] : [entries];
  }

  close(): void {}
}

describe("reading ahead", () => {
  let stream: Recorded;
  let reader: ReadAhead;
  beforeEach(() => {
    stream = new Recorded();
    reader = new ReadAhead(stream);
  });
  const read = async (position: number) =>
    (await reader.read(at(position), OPTIONS)).map((entries) => entries.map(({ seq }) => seq));

  test("is done while there is a backlog, and only then", async () => {
    stream.last = 5;
    expect(await read(0)).toEqual([[1, 2]]);
    expect(stream.from).toEqual([0, 2]);
    expect(await read(2)).toEqual([[3, 4]]);
    expect(await read(4)).toEqual([[5]]);
    expect(stream.from).toEqual([0, 2, 4]);
    expect(await read(5)).toEqual([]);
    expect(stream.from).toEqual([0, 2, 4, 5]);
  });

  test("is thrown away when it does not follow what was done", async () => {
    stream.last = 9;
    expect(await read(0)).toEqual([[1, 2]]);
    expect(await read(0)).toEqual([[1, 2]]);
    expect(await read(7)).toEqual([[8, 9]]);
    stream.last = 11;
    expect(await read(9)).toEqual([[10, 11]]);
  });

  test("is thrown away when partitions came or went", async () => {
    stream.last = 9;
    await read(0);
    const other = { stream: "construction", partition: 1, position: 3 };
    await reader.read(new Map([...at(2), [nameOf(other), other]]), OPTIONS);
    expect(stream.from).toEqual([0, 2, 2, 4]);
    expect(await reader.read(new Map([[nameOf(other), other]]), OPTIONS)).not.toEqual([]);
    expect(stream.from.slice(4)).toEqual([0, 2]);
  });

  test("tells of its failure when it is asked for", async () => {
    stream.last = 9;
    await read(0);
    stream.failing = true;
    expect(await read(2)).toEqual([[3, 4]]);
    await expect(read(4)).rejects.toThrow("the connection is lost");
    stream.failing = false;
    expect(await read(4)).toEqual([[5, 6]]);
  });
});
