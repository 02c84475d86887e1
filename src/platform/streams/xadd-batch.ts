import type { EntryWriter } from "./entry-writer.ts";
import { nameOf, type PartitionName, type PartitionRef, type StreamEntry } from "./streams.ts";
import { bytesOf, charactersOf, type Measure, xaddHead, xaddTail } from "./xadd.ts";

/** Entries that are measured together: one text with an accent has this many encoded twice. */
const TOGETHER = 32;
const CHARACTERS_TOGETHER = 64 * 1024;
/** Lengths told in bytes have more digits than those told in characters. */
const SLACK = 4096;

/** What became of entries that were sent. Partitions are named once. */
export interface Outcome {
  /** Entries followed others that are not there any more. */
  lost: Map<PartitionName, PartitionRef>;
  /** A later entry was taken after one that was refused. */
  torn: Map<PartitionName, PartitionRef>;
  /** The first refusal that is neither "there already" nor "not there". */
  refusal: string | undefined;
}

/** Builds the commands of many entries as bytes, again and again in the same memory. */
export class XaddBatch {
  readonly #heads = new Map<string, string>();
  readonly #keyOf: (ref: PartitionRef) => string;
  #buffer = Buffer.allocUnsafeSlow(1024 * 1024);

  constructor(keyOf: (ref: PartitionRef) => string) {
    this.#keyOf = keyOf;
  }

  /** Sends `entries` over `writer`. With `make`, streams that are not there are made. */
  async send(writer: EntryWriter, entries: readonly StreamEntry[], make: boolean): Promise<Outcome> {
    let end = 0;
    let first = 0;
    let characters = 0;
    for (let i = 0; i < entries.length; i++) {
      characters += entries[i]?.payload.length ?? 0;
      if (i + 1 < entries.length && i + 1 - first < TOGETHER && characters < CHARACTERS_TOGETHER) continue;
      end = this.#write(entries.slice(first, i + 1), make, end);
      first = i + 1;
      characters = 0;
    }
    const exceptions = await writer.send(this.#buffer.subarray(0, end), entries.length);
    return outcomeOf(entries, exceptions);
  }

  /** Writes the commands of a few entries at `start`; returns where they end. */
  #write(entries: readonly StreamEntry[], make: boolean, start: number): number {
    const quick = this.#textOf(entries, make, charactersOf);
    this.#grow(start + (quick.length > CHARACTERS_TOGETHER ? Buffer.byteLength(quick) + SLACK : quick.length * 3));
    const length = this.#buffer.write(quick, start, "utf8");
    // As many bytes as characters: what was told as lengths was right.
    if (length === quick.length) return start + length;
    return start + this.#buffer.write(this.#textOf(entries, make, bytesOf), start, "utf8");
  }

  #textOf(entries: readonly StreamEntry[], make: boolean, measure: Measure): string {
    let text = "";
    for (const entry of entries) text += this.#headOf(entry, make || entry.prev === 0) + xaddTail(entry, measure);
    return text;
  }

  #grow(length: number): void {
    if (length <= this.#buffer.length) return;
    const larger = Buffer.allocUnsafeSlow(Math.ceil(length * 1.5));
    this.#buffer.copy(larger);
    this.#buffer = larger;
  }

  #headOf(entry: StreamEntry, make: boolean): string {
    const name = `${make ? "+" : "-"}${nameOf(entry)}`;
    let head = this.#heads.get(name);
    if (head === undefined) {
      head = xaddHead(this.#keyOf(entry), make);
      this.#heads.set(name, head);
    }
    return head;
  }
}

function outcomeOf(entries: readonly StreamEntry[], exceptions: ReadonlyMap<number, string | null>): Outcome {
  const outcome: Outcome = { lost: new Map(), torn: new Map(), refusal: undefined };
  if (exceptions.size === 0) return outcome;
  const refused = new Set<PartitionName>();
  entries.forEach((entry, i) => {
    const name = nameOf(entry);
    const exception = exceptions.get(i);
    if (exception === undefined) {
      if (refused.has(name)) outcome.torn.set(name, { stream: entry.stream, partition: entry.partition });
    } else if (exception === null) {
      outcome.lost.set(name, { stream: entry.stream, partition: entry.partition });
    } else if (!isThereAlready(exception)) {
      refused.add(name);
      outcome.refusal ??= exception;
    }
  });
  return outcome;
}

/** XADD refuses an id that is not greater than the last: the entry was published before. */
function isThereAlready(refusal: string): boolean {
  return refusal.includes("equal or smaller than the target stream top item");
}
