import type { Transaction } from "../platform/database/database.ts";
import type { StreamEntry } from "../platform/streams/streams.ts";

/** Everything in its partition up to here was handled once before a replay, but for what had failed by then. */
type ReplayUntil = (entry: StreamEntry) => number;

/** Which entries of a batch were handled before. */
export interface Replayed {
  isReplay(entry: StreamEntry): boolean;
  /** To be called when they are handled, in the same transaction. */
  handled(): Promise<void>;
}

/** No entry was handled before. */
export const NO_REPLAY: Replayed = { isReplay: () => false, handled: async () => undefined };

/** What a replay comes to for the first time: events that waited or were dead when it was begun. */
export class Unhandled {
  readonly #engine: string;

  constructor(engine: string) {
    this.#engine = engine;
  }

  /** Tells them apart; asks only where a replay goes on. The transaction must be the host's. */
  async among(tx: Transaction, entries: readonly StreamEntry[], until: ReplayUntil): Promise<Replayed> {
    const again = entries.filter((entry) => entry.seq <= until(entry)).map(({ seq }) => seq);
    if (again.length === 0) return NO_REPLAY;
    const rows = await tx.query<{ seq: number }>(
      `select seq from engine_unhandled
       where engine = $1 and seq in (select value::bigint from json_array_elements_text($2::text::json))`,
      [this.#engine, JSON.stringify(again)],
    );
    const first = new Set(rows.map(({ seq }) => seq));
    return {
      isReplay: (entry) => entry.seq <= until(entry) && !first.has(entry.seq),
      handled: async () => {
        if (first.size === 0) return;
        await tx.query(
          `delete from engine_unhandled
           where engine = $1 and seq in (select value::bigint from json_array_elements_text($2::text::json))`,
          [this.#engine, JSON.stringify([...first])],
        );
      },
    };
  }
}
