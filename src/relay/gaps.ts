import type { StoredEvent } from "../platform/streams/streams.ts";
import type { RelayStore } from "./relay-store.ts";

interface Judgement {
  /** Every `seq` below this that the read did not show is being judged. */
  below: number;
  /** Transactions that were open after the read and still are. */
  writers: Set<string>;
}

/** Prepared for two-phase commit: it may be one of the listed writers under its other name. */
const PREPARED = "-1/";

/**
 * Decides how far a read of the ledger may be published. A `seq` that is missing below a visible one belongs to a
 * transaction that is still open, or to one that rolled back. It is dead only when (1) a read showed the gap, (2) a
 * statement begun after that read listed the writers, (3) all of those have ended, (4) a read begun after that still
 * does not show it.
 */
export class Gaps {
  readonly #store: Pick<RelayStore, "writers">;
  #dead_below = 0;
  #open: Judgement | undefined;

  constructor(store: Pick<RelayStore, "writers">) {
    this.#store = store;
  }

  /**
   * What is missing below this `seq` is dead for a read that begins now. To be taken before a read is sent: one that
   * began before a judgement was complete may not have seen what the last writer committed.
   */
  get dead_below(): number {
    return this.#dead_below;
  }

  /**
   * The events of `read` that nothing can come before any more. `read` holds what is visible after `after`, in order;
   * `dead_below` was taken before it began.
   */
  settled(after: number, read: readonly StoredEvent[], dead_below: number): readonly StoredEvent[] {
    let expected = after + 1;
    for (const [i, event] of read.entries()) {
      if (event.seq !== expected && event.seq > dead_below) return read.slice(0, i);
      expected = event.seq + 1;
    }
    return read;
  }

  /**
   * To be called after a read that `settled` cut short, with the read's last `seq`: lists the writers, or looks which of
   * those listed have ended. True when the ledger should be read again: a writer ended, or the judgement is complete.
   */
  async wait(last_visible: number): Promise<boolean> {
    const now = await this.#store.writers();
    const judged = this.#open ?? { below: last_visible, writers: now };
    const living = new Set([...now].filter((writer) => judged.writers.has(writer) || writer.startsWith(PREPARED)));
    if (living.size === 0) {
      this.#dead_below = Math.max(this.#dead_below, judged.below);
      this.#open = undefined;
      return true;
    }
    const ended = living.size < judged.writers.size;
    this.#open = { below: judged.below, writers: living };
    return ended;
  }

  /** Forgets everything judged: the ledger itself may be another one now. */
  reset(): void {
    this.#dead_below = 0;
    this.#open = undefined;
  }
}
