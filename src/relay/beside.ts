type Ended<T> = { value: T } | { error: unknown };

/** One piece of work at a time that goes on beside a loop; how it ended is the loop's to take at its next turn. */
export class Beside<T> {
  #running: Promise<void> | undefined;
  #ended: Ended<T> | undefined;
  #generation = 0;

  /** Nothing is under way, and nothing waits to be taken. */
  get free(): boolean {
    return this.#running === undefined && this.#ended === undefined;
  }

  begin(work: () => Promise<T>): void {
    const generation = ++this.#generation;
    const end = (ended: Ended<T>) => {
      if (generation !== this.#generation) return;
      this.#running = undefined;
      this.#ended = ended;
    };
    this.#running = work().then(
      (value) => end({ value }),
      (error: unknown) => end({ error }),
    );
  }

  /** What the work came to, once; undefined while there is nothing. Throws what it failed with. */
  take(): T | undefined {
    const ended = this.#ended;
    this.#ended = undefined;
    if (ended === undefined) return undefined;
    if ("error" in ended) throw ended.error;
    return ended.value;
  }

  /** Waits for what is under way, and takes it. */
  async finish(): Promise<T | undefined> {
    await this.#running;
    return this.take();
  }

  /** What is under way, or was not taken, is of no interest any more. */
  forget(): void {
    this.#generation++;
    this.#running = undefined;
    this.#ended = undefined;
  }
}
