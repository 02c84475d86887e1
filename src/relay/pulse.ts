import type { Clock } from "./clock.ts";

/** Waiting that a hint can end early. A beat while nobody waits ends the next wait at once, so none is missed. */
export class Pulse {
  readonly #clock: Clock;
  #beaten = false;
  #stopped = false;
  #wakeUp: (() => void) | undefined;
  #endSleep: (() => void) | undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  beat(): void {
    this.#beaten = true;
    this.#wakeUp?.();
  }

  /** Ends every wait and sleep, from now on at once. */
  stop(): void {
    this.#stopped = true;
    this.#wakeUp?.();
    this.#endSleep?.();
  }

  /** Resolves after `milliseconds` or at a beat, whichever is first. */
  async wait(milliseconds: number): Promise<void> {
    if (!this.#beaten && !this.#stopped && milliseconds > 0) {
      await new Promise<void>((resolve) => {
        const cancel = this.#clock.after(milliseconds, resolve);
        this.#wakeUp = () => {
          cancel();
          resolve();
        };
      });
      this.#wakeUp = undefined;
    }
    this.#beaten = false;
  }

  /** Resolves after `milliseconds`; beats do not end it and are kept. */
  async sleep(milliseconds: number): Promise<void> {
    if (this.#stopped) return;
    await new Promise<void>((resolve) => {
      const cancel = this.#clock.after(milliseconds, resolve);
      this.#endSleep = () => {
        cancel();
        resolve();
      };
    });
    this.#endSleep = undefined;
  }
}
