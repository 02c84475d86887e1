import type { Database } from "../platform/database/database.ts";
import type { StoredEvent } from "../platform/streams/streams.ts";

/**
 * Transactions that hold RowExclusiveLock on the ledger's parent: each may have taken a `seq` that nobody sees yet. The
 * same pid with another virtual transaction has ended.
 */
const WRITERS = `
  select coalesce(virtualtransaction, '') || ' ' || coalesce(pid, 0) as writer
  from pg_locks
  where locktype = 'relation' and mode = 'RowExclusiveLock' and granted
    and database = (select oid from pg_database where datname = current_database())
    and relation = 'event_log'::regclass`;

interface Judgement {
  /** Every `seq` below this that the read did not show is being judged. */
  below: number;
  /** Transactions that were open after the read and still are. */
  writers: Set<string>;
}

/**
 * Decides how far a read of the ledger may be published. A `seq` that is missing below a visible one belongs to a
 * transaction that is still open, or to one that rolled back. It is dead only when (1) a read showed the gap, (2) a
 * statement begun after that read listed the writers, (3) all of those have ended, (4) a read begun after that still
 * does not show it.
 */
export class Gaps {
  readonly #database: Database;
  #dead_below = 0;
  #open: Judgement | undefined;

  constructor(database: Database) {
    this.#database = database;
  }

  /**
   * The events of `read` that nothing can come before any more. `read` holds what is visible after `after`, in order.
   * Must be called with a read that began after the last call of `wait` returned.
   */
  settled(after: number, read: readonly StoredEvent[]): readonly StoredEvent[] {
    let expected = after + 1;
    for (const [i, event] of read.entries()) {
      // What is missing before an event at or below #dead_below was judged dead.
      if (event.seq !== expected && event.seq > this.#dead_below) return read.slice(0, i);
      expected = event.seq + 1;
    }
    return read;
  }

  /**
   * To be called after a read that `settled` cut short, with the read's last `seq`: lists the writers, or looks which of
   * those listed have ended. True when the ledger should be read again: a writer ended, or the judgement is complete.
   */
  async wait(last_visible: number): Promise<boolean> {
    const rows = await this.#database.query<{ writer: string }>(WRITERS);
    const now = new Set(rows.map(({ writer }) => writer));
    const judged = this.#open ?? { below: last_visible, writers: now };
    const living = new Set([...judged.writers].filter((writer) => now.has(writer)));
    if (living.size === 0) {
      this.#dead_below = Math.max(this.#dead_below, judged.below);
      this.#open = undefined;
      return true;
    }
    const ended = living.size < judged.writers.size;
    this.#open = { below: judged.below, writers: living };
    return ended;
  }

  /** Forgets an unfinished judgement: the ledger itself may be another one now. */
  reset(): void {
    this.#dead_below = 0;
    this.#open = undefined;
  }
}
