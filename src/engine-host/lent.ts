import type { Parameter, Row, Transaction } from "../platform/database/database.ts";
import type { EngineDb } from "../sdk/context.ts";
import { HandlerTimeout } from "./failure.ts";

/** Statements that would end the host's transaction, or undo what others did in it; also behind comments. */
const CONTROL =
  /^(?:\s|--[^\n]*\n|\/\*[\s\S]*?\*\/)*(?:abort|begin|commit|end|release|rollback|savepoint|start\s+transaction|prepare\s+transaction)\b/i;

/** What one call of an engine's code is given of a transaction: queries, and only while the call lasts. */
class LentDb implements EngineDb {
  readonly #tx: Transaction;
  readonly #before: (() => void) | undefined;
  #over = false;

  constructor(tx: Transaction, before: (() => void) | undefined) {
    this.#tx = tx;
    this.#before = before;
  }

  async query<T extends Row>(sql: string, parameters?: readonly Parameter[]): Promise<T[]> {
    if (this.#over) throw new Error("the call this db was given to is over; await every query, keep no db");
    if (CONTROL.test(sql))
      throw new Error("the transaction is the host's: it commits when the call ends, or undoes it");
    this.#before?.();
    return await this.#tx.query<T>(sql, parameters);
  }

  end(): void {
    this.#over = true;
  }
}

export interface LendOptions {
  limit_ms?: number;
  cut?: AbortSignal;
  /** Called before each statement is sent, and may send another before it. */
  before?: () => void;
}

/**
 * Calls an engine's code with a db of its own, which ends with the call: what is sent later would be done for another
 * shop or by the host. A call that takes longer than `limit_ms`, or for which `cut` is aborted, is given up, and its
 * transaction with it.
 */
export async function lend<T>(
  tx: Transaction,
  { limit_ms, cut, before }: LendOptions,
  work: (db: EngineDb, late: AbortSignal) => Promise<T> | T,
): Promise<T> {
  const db = new LentDb(tx, before);
  const late = new AbortController();
  const { promise: over, reject } = Promise.withResolvers<never>();
  const giveUp = (reason: string) => {
    late.abort();
    reject(new HandlerTimeout(reason));
  };
  const timer =
    limit_ms === undefined
      ? undefined
      : setTimeout(() => giveUp(`a handler took longer than ${limit_ms} ms`), limit_ms);
  const onCut = () => giveUp("the run this is a part of took too long");
  cut?.addEventListener("abort", onCut, { once: true });
  try {
    if (cut?.aborted) onCut();
    return await Promise.race([work(db, late.signal), over]);
  } finally {
    clearTimeout(timer);
    cut?.removeEventListener("abort", onCut);
    db.end();
  }
}
