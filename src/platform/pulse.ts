/** Waiting that a hint can end early. A beat while nobody waits ends the next wait at once, so none is missed. */
export class Pulse {
  #beaten = false;
  #wakeUp: (() => void) | undefined;

  beat(): void {
    this.#beaten = true;
    this.#wakeUp?.();
  }

  /** Resolves after `milliseconds` or at a beat, whichever is first. */
  async wait(milliseconds: number): Promise<void> {
    if (!this.#beaten && milliseconds > 0) {
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, milliseconds);
        this.#wakeUp = () => {
          clearTimeout(timer);
          resolve();
        };
      });
      this.#wakeUp = undefined;
    }
    this.#beaten = false;
  }

  /** Resolves after `milliseconds`; beats do not end it and are kept. */
  async sleep(milliseconds: number): Promise<void> {
    await Bun.sleep(milliseconds);
  }
}
