import type { StreamEntry } from "../platform/streams/streams.ts";
import type { Batches, BatchOutcome } from "./batches.ts";
import { Epidemic } from "./epidemic.ts";
import { type Failure, failureOf, isBlameless } from "./failure.ts";

/** Too many events fail in the same way: the engine waits and tries again as a whole instead of parking them all. */
export class EngineIll extends Error {
  readonly code = "engine_ill";
}

/** Events of a failed batch that are tried out before the first of them is parked. */
const TRIED_OUT = 20;

/** Finds the events of a failed batch that are to blame, parks those, and lets all others through. */
export class Isolation {
  readonly #batches: Batches;
  readonly #epidemic = new Epidemic();
  readonly #parked: (entry: StreamEntry, failure: Failure) => void;

  /** `parked` hears of every event that is parked. */
  constructor(batches: Batches, parked: (entry: StreamEntry, failure: Failure) => void) {
    this.#batches = batches;
    this.#parked = parked;
  }

  /** Applies a batch; what fails in it is parked. Rejects when the surroundings failed, or with `EngineIll`. */
  async apply(read: readonly (readonly StreamEntry[])[], stopping: AbortSignal): Promise<BatchOutcome[]> {
    try {
      const outcome = await this.#batches.apply(read, stopping);
      this.#epidemic.clear();
      return [outcome];
    } catch (error) {
      if (isBlameless(error) || stopping.aborted) throw error;
    }
    await this.#tryOut(read, stopping);
    const outcomes: BatchOutcome[] = [];
    for (const entries of read) outcomes.push(...(await this.#divide(entries, stopping)));
    return outcomes;
  }

  /** Halves until what fails is a single event: few transactions where few fail. */
  async #divide(entries: readonly StreamEntry[], stopping: AbortSignal): Promise<BatchOutcome[]> {
    if (entries.length === 0) return [];
    const [first] = entries;
    try {
      const outcome = await this.#batches.apply([entries], stopping);
      this.#epidemic.ok(entries);
      return [outcome];
    } catch (error) {
      if (isBlameless(error) || stopping.aborted) throw error;
      if (first && entries.length === 1) return [await this.#park(first, failureOf(error))];
    }
    const middle = Math.ceil(entries.length / 2);
    const left = await this.#divide(entries.slice(0, middle), stopping);
    return [...left, ...(await this.#divide(entries.slice(middle), stopping))];
  }

  async #park(entry: StreamEntry, failure: Failure): Promise<BatchOutcome> {
    this.#epidemic.failed(entry, failure.fingerprint);
    this.#refuseEpidemic([failure]);
    const outcome = await this.#batches.park(entry, failure);
    this.#parked(entry, failure);
    return outcome;
  }

  async #tryOut(read: readonly (readonly StreamEntry[])[], stopping: AbortSignal): Promise<void> {
    const all = read.flat();
    if (all.length < TRIED_OUT) return;
    const step = all.length / TRIED_OUT;
    const failures: Failure[] = [];
    for (let i = 0; i < TRIED_OUT; i++) {
      const entry = all[Math.floor(i * step)];
      if (!entry) continue;
      try {
        await this.#batches.tryOut(entry, stopping);
        this.#epidemic.ok([entry]);
      } catch (error) {
        if (isBlameless(error) || stopping.aborted) throw error;
        const failure = failureOf(error);
        failures.push(failure);
        this.#epidemic.failed(entry, failure.fingerprint);
      }
    }
    this.#refuseEpidemic(failures);
    // Nothing of it was kept: each event counts once, when it is really handled.
    this.#epidemic.clear();
  }

  #refuseEpidemic(failures: readonly Failure[]): void {
    const { spreading } = this.#epidemic;
    if (spreading === undefined) return;
    this.#epidemic.clear();
    const failure = failures.find(({ fingerprint }) => fingerprint === spreading) ?? failures.at(-1);
    throw new EngineIll(`more than half of the events fail alike (${spreading}): ${failure?.message}`);
  }
}
