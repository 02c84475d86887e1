import type { Answers } from "./redis-socket.ts";

const LF = 10;
const MINUS = 45;
const DOLLAR = 36;
const COLON = 58;
const ZERO = 48;

/**
 * Takes Redis' answers to simple commands apart, in whatever pieces they come. Nearly all say that all is well, so only the
 * others are kept: the text of an error, or null for a negative number.
 */
export class Replies implements Answers {
  /** By place of the command in what was sent. */
  readonly exceptions = new Map<number, string | null>();
  readonly #wanted: number;
  #count = 0;
  #rest: Buffer = Buffer.alloc(0);

  /** `wanted`: how many commands are to be answered. */
  constructor(wanted: number) {
    this.#wanted = wanted;
  }

  feed(chunk: Buffer): boolean {
    const data = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk]);
    let at = 0;
    for (let next = this.#one(data, at); next !== undefined; next = this.#one(data, at)) at = next;
    // A copy: the socket uses its memory again.
    this.#rest = Buffer.from(data.subarray(at));
    return this.#count >= this.#wanted;
  }

  /** Reads the answer at `at`; where the next one begins, or undefined when it is not all there. */
  #one(data: Buffer, at: number): number | undefined {
    const end = data.indexOf(LF, at);
    if (end === -1) return undefined;
    const type = data[at];
    if (type === DOLLAR) {
      const next = end + 1 + lengthIn(data, at + 1, end - 1) + 2;
      if (data.length < next) return undefined;
      this.#count++;
      return next;
    }
    if (type === COLON && data[at + 1] === MINUS) this.exceptions.set(this.#count, null);
    if (type === MINUS) this.exceptions.set(this.#count, data.toString("utf8", at + 1, end - 1));
    this.#count++;
    return end + 1;
  }
}

/** The decimal number at [from, to) of `data`; null, which none of the commands answers, is not expected. */
function lengthIn(data: Uint8Array, from: number, to: number): number {
  let length = 0;
  for (let i = from; i < to; i++) length = length * 10 + (data[i] ?? ZERO) - ZERO;
  return length;
}
