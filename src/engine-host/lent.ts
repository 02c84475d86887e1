import type { Parameter, Row, Transaction } from "../platform/database/database.ts";
import { codeOf } from "../platform/database/errors.ts";
import type { EngineDb } from "../sdk/context.ts";
import { HandlerFailed, HandlerTimeout, isBlameless } from "./failure.ts";

/** A statement took longer than it may: what an engine asks for is to blame, and it would again. */
const STATEMENT_CANCELLED = "57014";
const TRANSACTION_ABORTED = "25P02";

/** Statements that would end the host's transaction, or undo what others did in it. */
const CONTROL = new Set(["abort", "begin", "commit", "end", "release", "rollback", "savepoint", "start"]);
/** What would stay in the session, take what the driver keeps there, or leave it in the middle of a copy for good. */
const OF_THE_SESSION = new Set(["copy", "deallocate", "discard", "prepare"]);

/** What one call of an engine's code is given of a transaction: queries, and only while the call lasts. */
class LentDb implements EngineDb {
  readonly #tx: Transaction;
  readonly #before: (() => void) | undefined;
  readonly #failures = new WeakSet<Error>();
  readonly #pending = new Set<Promise<unknown>>();
  /** The first statement that failed: the transaction is undone by it, whether or not its caller looked. */
  #failed: { error: unknown } | undefined;
  #over = false;

  constructor(tx: Transaction, before: (() => void) | undefined) {
    this.#tx = tx;
    this.#before = before;
  }

  query<T extends Row>(sql: string, parameters?: readonly Parameter[]): Promise<T[]> {
    if (this.#over)
      return Promise.reject(new Error("the call this db was given to is over; await every query, keep no db"));
    const answer = this.#ask<T>(sql, parameters);
    this.#pending.add(answer);
    const answered = () => void this.#pending.delete(answer);
    // Also what nobody waits for: a rejection that is not heeded would end the Worker.
    answer.then(answered, (error: unknown) => {
      this.#failed ??= { error };
      answered();
    });
    return answer;
  }

  async #ask<T extends Row>(sql: string, parameters?: readonly Parameter[]): Promise<T[]> {
    const word = firstWordOf(sql);
    if (CONTROL.has(word))
      throw new Error("the transaction is the host's: it commits when the call ends, or undoes it");
    if (OF_THE_SESSION.has(word)) throw new Error(`${word} is not for engines: the session is the host's`);
    this.#before?.();
    try {
      return await this.#tx.query<T>(sql, parameters);
    } catch (error) {
      if (error instanceof Error && codeOf(error) !== STATEMENT_CANCELLED) this.#failures.add(error);
      throw error;
    }
  }

  /** Everything was answered, and well. */
  get clean(): boolean {
    return this.#pending.size === 0 && this.#failed === undefined;
  }

  /** Waits for what was sent and not waited for; rejects with the first failure, also where somebody has caught it. */
  async settled(): Promise<void> {
    while (this.#pending.size > 0) await Promise.allSettled(this.#pending);
    if (this.#failed) throw this.#failed.error;
  }

  /** What the call threw, told apart: of the surroundings only what the database said counts, not what looks like it. */
  blamed(what: unknown): unknown {
    // Behind a statement that failed all others say only that.
    const thrown = codeOf(what) === TRANSACTION_ABORTED && this.#failed ? this.#failed.error : what;
    if (!isBlameless(thrown)) return thrown;
    for (let cause = thrown; cause instanceof Error; cause = cause.cause) if (this.#failures.has(cause)) return thrown;
    return new HandlerFailed(thrown);
  }

  end(): void {
    this.#over = true;
  }
}

/** The word a statement begins with, in lower case: behind white space, comments and empty statements. */
function firstWordOf(sql: string): string {
  const gap = /(?:[\s;]+|--[^\n\r]*)*/y;
  for (;;) {
    gap.exec(sql);
    const at = gap.lastIndex;
    if (!sql.startsWith("/*", at)) return /^[a-z]*/i.exec(sql.slice(at, at + 20))?.[0].toLowerCase() ?? "";
    gap.lastIndex = endOfComment(sql, at);
  }
}

/** Comments nest. */
function endOfComment(sql: string, start: number): number {
  const mark = /\/\*|\*\//g;
  mark.lastIndex = start;
  for (let depth = 0; ; ) {
    const [found] = mark.exec(sql) ?? [];
    if (found === undefined) return sql.length;
    depth += found === "/*" ? 1 : -1;
    if (depth === 0) return mark.lastIndex;
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
 * shop or by the host. A call of which a statement failed has failed, for that reason: no transaction outlives it. One that
 * takes longer than `limit_ms`, or for which `cut` is aborted, is given up, and its transaction with it.
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
    const result = await Promise.race([work(db, late.signal), over]);
    if (!db.clean) await Promise.race([db.settled(), over]);
    return result;
  } catch (error) {
    throw db.blamed(error);
  } finally {
    clearTimeout(timer);
    cut?.removeEventListener("abort", onCut);
    db.end();
  }
}
