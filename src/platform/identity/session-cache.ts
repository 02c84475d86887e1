import type { Standing } from "../http/gate.ts";

/** What is known of a session: whom it lets act, or that it lets nobody. */
export type Answer = Standing | "ended";

/** An answer stays in use for this long, wherever it is kept: changes take effect within it. */
export const KEEP_MS = 5000;
/** That a session ended is kept for longer, so that a slow reader's older answer cannot replace it. */
export const ENDED_MS = 4 * KEEP_MS;

/**
 * Keeps answers for seconds so that the database is not asked for each request. It may forget anything at any time,
 * and does not throw: without it the database is asked.
 */
export interface SessionCache {
  get(tenant_id: string, session_id: string): Promise<Answer | undefined>;
  /** Keeps an answer just read from the database, unless the session is known to have ended meanwhile. */
  put(tenant_id: string, session_id: string, answer: Answer): Promise<void>;
  /** These sessions have ended. */
  end(tenant_id: string, session_ids: readonly string[]): Promise<void>;
  /** Something about these sessions' user has changed: ask the database. */
  forget(tenant_id: string, session_ids: readonly string[]): Promise<void>;
}

interface Kept {
  answer: Answer;
  /** Time of the clock until which it is used. */
  until: number;
}

const MAX_KEPT = 50_000;

/** In this process: all there is without Redis, and what stands before it. */
export class MemorySessionCache implements SessionCache {
  readonly #kept = new Map<string, Kept>();
  readonly #now: () => number;

  /** `now`: milliseconds of a clock that never goes back. */
  constructor(now: () => number = () => performance.now()) {
    this.#now = now;
  }

  async get(tenant_id: string, session_id: string): Promise<Answer | undefined> {
    return this.#live(keyOf(tenant_id, session_id))?.answer;
  }

  async put(tenant_id: string, session_id: string, answer: Answer, keep_ms = KEEP_MS): Promise<void> {
    const key = keyOf(tenant_id, session_id);
    if (this.#live(key)?.answer === "ended") return;
    this.#keep(key, answer, keep_ms);
  }

  async end(tenant_id: string, session_ids: readonly string[]): Promise<void> {
    for (const id of session_ids) this.#keep(keyOf(tenant_id, id), "ended", ENDED_MS);
  }

  async forget(tenant_id: string, session_ids: readonly string[]): Promise<void> {
    for (const id of session_ids) this.#kept.delete(keyOf(tenant_id, id));
  }

  #live(key: string): Kept | undefined {
    const kept = this.#kept.get(key);
    return kept && kept.until > this.#now() ? kept : undefined;
  }

  #keep(key: string, answer: Answer, keep_ms: number): void {
    if (this.#kept.size >= MAX_KEPT) this.#kept.clear();
    this.#kept.set(key, { answer, until: this.#now() + keep_ms });
  }
}

export function keyOf(tenant_id: string, session_id: string): string {
  return `session:${tenant_id}:${session_id}`;
}
