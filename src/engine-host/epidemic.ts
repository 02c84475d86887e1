/** Outcomes looked back on, and how many there must be before they say anything. */
const WINDOW = 40;
const ENOUGH = 20;

/**
 * Watches the latest single outcomes: when more than half of 20 or more fail in the same way, the fault is in the code
 * or a table, not in the events, and parking them one by one would park the world.
 */
export class Epidemic {
  #outcomes: (string | undefined)[] = [];

  ok(): void {
    this.#note(undefined);
  }

  failed(fingerprint: string): void {
    this.#note(fingerprint);
  }

  /** The fingerprint of which there is too much. */
  get spreading(): string | undefined {
    if (this.#outcomes.length < ENOUGH) return undefined;
    const counts = new Map<string, number>();
    for (const outcome of this.#outcomes) if (outcome) counts.set(outcome, (counts.get(outcome) ?? 0) + 1);
    for (const [fingerprint, count] of counts) if (count > this.#outcomes.length / 2) return fingerprint;
    return undefined;
  }

  /** A whole batch went well, or the engine is given a new chance. */
  clear(): void {
    this.#outcomes = [];
  }

  #note(outcome: string | undefined): void {
    this.#outcomes.push(outcome);
    if (this.#outcomes.length > WINDOW) this.#outcomes.shift();
  }
}
