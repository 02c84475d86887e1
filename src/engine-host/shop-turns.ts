import type { Transaction } from "../platform/database/database.ts";

/**
 * Which shop a transaction is bound to while handlers of several shops send statements in it: whoever sends one takes
 * the turn before, in the same breath. The server gets them in that order, so each statement sees its own shop's rows.
 */
export class ShopTurns {
  readonly #tx: Transaction;
  #bound: string | undefined;

  /** `bound`: the shop it is bound to already. */
  constructor(tx: Transaction, bound?: string) {
    this.#tx = tx;
    this.#bound = bound;
  }

  take(tenant_id: string): void {
    if (this.#bound === tenant_id) return;
    this.#bound = tenant_id;
    // Not waited for: should it fail, the transaction is over, and so does the statement behind it.
    this.#tx.bind({ tenant_id }).catch(() => undefined);
  }
}
