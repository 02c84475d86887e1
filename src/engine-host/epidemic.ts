/** Outcomes looked back on, and how many there must be before they say anything. */
const WINDOW = 40;
const ENOUGH = 20;

interface Outcome {
  tenant_id: string;
  /** How it failed; undefined when it went well. */
  fingerprint: string | undefined;
}

/**
 * Watches the latest outcomes of a batch that failed: when more than half of 20 or more events fail in the same way, and
 * more than half of the tenants among them, the fault is in the code or a table, not in the events or in one tenant's
 * data, and parking them one by one would park the world.
 */
export class Epidemic {
  #outcomes: Outcome[] = [];

  ok(events: readonly { tenant_id: string }[]): void {
    for (const { tenant_id } of events.slice(0, WINDOW)) this.#note({ tenant_id, fingerprint: undefined });
  }

  failed({ tenant_id }: { tenant_id: string }, fingerprint: string): void {
    this.#note({ tenant_id, fingerprint });
  }

  /** The fingerprint of which there is too much. */
  get spreading(): string | undefined {
    if (this.#outcomes.length < ENOUGH) return undefined;
    const counts = new Map<string, number>();
    for (const { fingerprint } of this.#outcomes) {
      if (fingerprint !== undefined) counts.set(fingerprint, (counts.get(fingerprint) ?? 0) + 1);
    }
    const tenants = new Set(this.#outcomes.map(({ tenant_id }) => tenant_id));
    for (const [fingerprint, count] of counts) {
      const ill = this.#outcomes.filter((outcome) => outcome.fingerprint === fingerprint);
      const illTenants = new Set(ill.map(({ tenant_id }) => tenant_id));
      if (count > this.#outcomes.length / 2 && illTenants.size > tenants.size / 2) return fingerprint;
    }
    return undefined;
  }

  /** What was is no measure of what comes. */
  clear(): void {
    this.#outcomes = [];
  }

  #note(outcome: Outcome): void {
    this.#outcomes.push(outcome);
    if (this.#outcomes.length > WINDOW) this.#outcomes.shift();
  }
}
