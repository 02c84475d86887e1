/** Does something from time to time, the first time at once; not again while it is still at it. */
export class Every {
  readonly #milliseconds: number;
  readonly #work: () => Promise<void>;
  readonly #failed: (error: unknown) => void;
  #timer: ReturnType<typeof setInterval> | undefined;
  #running: Promise<void> | undefined;

  constructor(milliseconds: number, work: () => Promise<void>, failed: (error: unknown) => void) {
    this.#milliseconds = milliseconds;
    this.#work = work;
    this.#failed = failed;
  }

  start(): void {
    this.#once();
    this.#timer = setInterval(() => this.#once(), this.#milliseconds);
  }

  /** Waits for what is under way. */
  async stop(): Promise<void> {
    clearInterval(this.#timer);
    await this.#running;
  }

  #once(): void {
    this.#running ??= this.#work()
      .catch(this.#failed)
      .finally(() => {
        this.#running = undefined;
      });
  }
}
