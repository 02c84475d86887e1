/** What a batch should take at most: it is what a partition waits for another one's events, and a stop for its end. */
const LONG_MS = 500;
const FIRST = 50;

/**
 * How many events of a partition make a batch: as many as the engine allows while that is quick, fewer where its handlers
 * are slow. Begins small, since nothing is known of them, and doubles.
 */
export class BatchSize {
  readonly #most: number;
  #count: number;

  /** `most` is what the engine allows. */
  constructor(most: number) {
    this.#most = most;
    this.#count = Math.min(FIRST, most);
  }

  get count(): number {
    return this.#count;
  }

  /** A batch of so many events took so many milliseconds. */
  took(events: number, ms: number): void {
    const slow = ms > LONG_MS;
    const couldBeMore = events >= this.#count && ms < LONG_MS / 2;
    if (slow) this.#count = Math.max(1, Math.floor((this.#count * LONG_MS) / ms));
    else if (couldBeMore) this.#count = Math.min(this.#most, this.#count * 2);
  }
}
