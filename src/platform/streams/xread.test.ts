import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { fieldsOf, MalformedEntry } from "./entry.ts";
import type { StreamEntry } from "./streams.ts";
import { ReadRefused, XreadAnswer, XreadCommand } from "./xread.ts";

const word = (text: string | number) => `$${Buffer.byteLength(String(text))}\r\n${text}\r\n`;
const list = (items: readonly string[]) => `*${items.length}\r\n${items.join("")}`;
const entryText = (entry: StreamEntry) => list([word(`${entry.seq}-0`), list(fieldsOf(entry).map(word))]);
const answerText = (streams: readonly (readonly StreamEntry[])[]) =>
  list(streams.map((entries, i) => list([word(`events:construction:${i}`), list(entries.map(entryText))])));

const Text = fc.oneof(fc.string({ unit: "grapheme" }), fc.constant("Ação São João 50 kg €"), fc.string());
const Entry: fc.Arbitrary<StreamEntry> = fc.record({
  event_id: fc.uuid(),
  event_type: Text,
  version: fc.nat(),
  tenant_id: fc.uuid(),
  stream: fc.constant("construction"),
  partition: fc.nat(15),
  hops: fc.nat(9),
  key: Text,
  seq: fc.maxSafeNat(),
  occurred_at: fc.constant("2026-01-31T12:00:00.500000Z"),
  trace: fc.option(fc.uuid()),
  causation_id: fc.option(fc.uuid()),
  payload: Text.map((text) => JSON.stringify({ text, more: "x\r\n*3\r\n" })),
  prev: fc.maxSafeNat(),
});

/** Feeds `bytes` in pieces that end at `cuts`; the memory of each is written over afterwards, as a socket does. */
function fed(bytes: Buffer, cuts: readonly number[] = []): XreadAnswer {
  const answer = new XreadAnswer();
  const ends = [...new Set([...cuts.map((cut) => cut % bytes.length), bytes.length])].sort((a, b) => a - b);
  let from = 0;
  for (const end of ends) {
    if (end === from) continue;
    const chunk = Buffer.from(bytes.subarray(from, end));
    expect(answer.feed(chunk)).toBe(end === bytes.length);
    chunk.fill(0);
    from = end;
  }
  return answer;
}

describe("the answer to XREAD", () => {
  test("gives entries as they were written, whatever is in them, in whatever pieces it comes", () => {
    fc.assert(
      fc.property(
        fc.array(fc.array(Entry, { maxLength: 4 }), { maxLength: 3 }),
        fc.array(fc.nat(), { maxLength: 12 }),
        (streams, cuts) => {
          expect(fed(Buffer.from(answerText(streams)), cuts).entries).toEqual(streams);
        },
      ),
    );
  });

  test("is empty when nothing came", () => {
    expect(fed(Buffer.from("*-1\r\n"), [2, 4]).entries).toEqual([]);
  });

  test("names fields in any order, and more of them", () => {
    const [entry] = fc.sample(Entry, { numRuns: 1, seed: 1 });
    if (!entry) throw new Error("one was wanted");
    const fields = fieldsOf(entry).map(word);
    const turned = fields.flatMap((_, i) => (i % 2 === 0 ? [fields.slice(i, i + 2)] : [])).reverse();
    const text = (words: string[]) => Buffer.from(list([list([word("k"), list([list([word("7-0"), list(words)])])])]));
    expect(fed(text([word("new"), word("x"), ...turned.flat()])).entries).toEqual([[entry]]);
    const without = turned.filter(([name]) => name !== word("key")).flat();
    expect(() => fed(text(without)).entries).toThrow(new MalformedEntry("stream entry 7-0 has no field key"));
    const wrong = turned.map(([name, value]) => [name ?? "", name === word("hops") ? word("many") : (value ?? "")]);
    expect(() => fed(text(wrong.flat())).entries).toThrow("stream entry 7-0: hops is no integer");
  });

  test("is let go of with its payloads, also where somebody keeps a key", () => {
    const [entry] = fc.sample(Entry, { numRuns: 1, seed: 1 });
    if (!entry) throw new Error("one was wanted");
    const bytes = Buffer.from(
      answerText([[{ ...entry, key: "a key of some length", payload: "x".repeat(1024 * 1024) }]]),
    );
    const keys: string[] = [];
    const read = (times: number) => {
      for (let i = 0; i < times; i++) keys.push(fed(bytes).entries[0]?.[0]?.key ?? "");
      Bun.gc(true);
      return process.memoryUsage.rss();
    };
    const before = read(20);
    expect(read(200) - before).toBeLessThan(100 * 1024 * 1024);
    expect(new Set(keys)).toEqual(new Set(["a key of some length"]));
  });

  test("may be a refusal", () => {
    expect(() => fed(Buffer.from("-MOVED 3999 10.0.0.5:6379\r\n"), [3]).entries).toThrow(
      new ReadRefused("MOVED 3999 10.0.0.5:6379"),
    );
  });
});

test("the command names each partition, and after that where each begins", () => {
  const command = new XreadCommand(({ stream, partition }) => `events:${stream}:${partition}`);
  const at = (partition: number, position: number) => ({ stream: "vendas", partition, position });
  const bytes = command.bytes([at(0, 5), at(11, 1234)], { count: 50, block_ms: 0.4 });
  const words = ["XREAD", "COUNT", 50, "BLOCK", 1, "STREAMS", "events:vendas:0", "events:vendas:11", "5-0", "1234-0"];
  expect(bytes.toString()).toBe(list(words.map(word)));
});
