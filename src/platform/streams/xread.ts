import { entryAt } from "./entry.ts";
import { type Answers, bulk } from "./redis-socket.ts";
import type { PartitionPosition, ReadOptions, StreamEntry } from "./streams.ts";

const LF = 10;
const ASTERISK = 42;
const DOLLAR = 36;
const MINUS = 45;
const ZERO = 48;

/** Redis refused the read; the text is its own. */
export class ReadRefused extends Error {
  readonly code = "read_refused";
}

/** XREAD of several partitions. What never changes of a partition is written once. */
export class XreadCommand {
  readonly #keyOf: (ref: PartitionPosition) => string;
  readonly #keys = new Map<string, Map<number, string>>();

  constructor(keyOf: (ref: PartitionPosition) => string) {
    this.#keyOf = keyOf;
  }

  /** Entries after each position, `count` of each at most; waits `block_ms` for a first one. */
  bytes(positions: readonly PartitionPosition[], { count, block_ms }: ReadOptions): Buffer {
    const wait = String(Math.max(1, Math.round(block_ms)));
    let text = `*${6 + 2 * positions.length}\r\n$5\r\nXREAD\r\n$5\r\nCOUNT\r\n${bulk(String(count))}$5\r\nBLOCK\r\n`;
    text += `${bulk(wait)}$7\r\nSTREAMS\r\n`;
    for (const position of positions) text += this.#key(position);
    for (const { position } of positions) {
      const id = `${position}-0`;
      text += `$${id.length}\r\n${id}\r\n`;
    }
    return Buffer.from(text);
  }

  #key(ref: PartitionPosition): string {
    let keys = this.#keys.get(ref.stream);
    if (!keys) {
      keys = new Map();
      this.#keys.set(ref.stream, keys);
    }
    let key = keys.get(ref.partition);
    if (key === undefined) {
      key = bulk(this.#keyOf(ref));
      keys.set(ref.partition, key);
    }
    return key;
  }
}

/**
 * The answer to one XREAD, which may come in many pieces. It is read where the socket put it, unless it comes in more
 * than one: of all that a host does with an event, taking it apart takes longest.
 */
export class XreadAnswer implements Answers {
  #held = Buffer.alloc(0);
  #length = 0;
  /** Where the next element begins, and how many are still to come. */
  #at = 0;
  #left = 1;
  #outcome: { entries: StreamEntry[][] } | { error: unknown } | undefined;

  /** The entries of each partition that has news. Throws `ReadRefused`, or `MalformedEntry`. */
  get entries(): StreamEntry[][] {
    if (!this.#outcome) throw new Error("the answer is not all there");
    if ("error" in this.#outcome) throw this.#outcome.error;
    return this.#outcome.entries;
  }

  feed(chunk: Buffer): boolean {
    const data = this.#length === 0 ? chunk : this.#hold(chunk);
    if (!this.#isWhole(data)) {
      if (this.#length === 0) this.#hold(chunk);
      return false;
    }
    try {
      this.#outcome = { entries: new Reading(data).entries() };
    } catch (error) {
      this.#outcome = { error };
    }
    return true;
  }

  #hold(chunk: Buffer): Buffer {
    const length = this.#length + chunk.length;
    if (length > this.#held.length) {
      const larger = Buffer.allocUnsafeSlow(length * 2);
      this.#held.copy(larger, 0, 0, this.#length);
      this.#held = larger;
    }
    chunk.copy(this.#held, this.#length);
    this.#length = length;
    return this.#held.subarray(0, length);
  }

  /** Goes on from where it was: what was seen before is not looked at again. */
  #isWhole(data: Buffer): boolean {
    while (this.#left > 0) {
      const end = data.indexOf(LF, this.#at);
      if (end === -1) return false;
      const type = data[this.#at];
      const size = type === ASTERISK || type === DOLLAR ? numberIn(data, this.#at + 1, end - 1) : 0;
      let next = end + 1;
      if (type === DOLLAR && size >= 0) next += size + 2;
      if (next > data.length) return false;
      if (type === ASTERISK && size > 0) this.#left += size;
      this.#left--;
      this.#at = next;
    }
    return true;
  }
}

/** Goes through a whole answer: streams, of each its key and entries, of each entry its id and fields. */
class Reading {
  readonly #data: Buffer;
  #at = 0;
  #start = 0;

  constructor(data: Buffer) {
    this.#data = data;
  }

  entries(): StreamEntry[][] {
    if (this.#data[0] === MINUS) throw new ReadRefused(this.#data.toString("utf8", 1, this.#data.indexOf(LF) - 1));
    const found: StreamEntry[][] = [];
    for (let streams = this.#header(); streams > 0; streams--) {
      this.#header();
      this.#bulk();
      const entries: StreamEntry[] = [];
      for (let left = this.#header(); left > 0; left--) entries.push(this.#entry());
      found.push(entries);
    }
    return found;
  }

  #entry(): StreamEntry {
    this.#header();
    /** Start and end of the id, then of each field's name and value. */
    const spans: number[] = [];
    const end = this.#bulk();
    spans.push(this.#start, end);
    for (let words = this.#header(); words > 0; words--) {
      const end = this.#bulk();
      spans.push(this.#start, end);
    }
    return entryAt(this.#data, spans);
  }

  /** The number after an element's type; the element behind it is next. */
  #header(): number {
    const end = this.#data.indexOf(LF, this.#at);
    const size = numberIn(this.#data, this.#at + 1, end - 1);
    this.#at = end + 1;
    return size;
  }

  /** Goes past a word; it begins at `#start`, and its end is returned. */
  #bulk(): number {
    const size = this.#header();
    this.#start = this.#at;
    this.#at += size + 2;
    return this.#start + size;
  }
}

/** The decimal number at [from, to) of `data`. */
function numberIn(data: Uint8Array, from: number, to: number): number {
  if (data[from] === MINUS) return -numberIn(data, from + 1, to);
  let number = 0;
  for (let i = from; i < to; i++) number = number * 10 + (data[i] ?? ZERO) - ZERO;
  return number;
}
