import type { Database, Parameter, Row, Scope, Transaction } from "../src/platform/database/database.ts";
import { bindingOf } from "../src/platform/database/scope.ts";

/** One statement as it was sent. */
export interface Statement {
  sql: string;
  parameters: readonly Parameter[];
  /** Sent while an earlier one was still under way: it costs no round trip of its own. */
  together: boolean;
  /** COMMIT travelled right behind it. */
  last: boolean;
}

/** Writes down what the platform's own code sends, so that peers and EXPLAIN get exactly that and no copy of it. */
export class RecordingDatabase implements Database {
  readonly statements: Statement[] = [];
  readonly #inner: Database;
  #under_way = 0;

  constructor(inner: Database) {
    this.#inner = inner;
  }

  get kind() {
    return this.#inner.kind;
  }

  get losses(): number {
    return this.#inner.losses;
  }

  async transaction<T>(scope: Scope, work: (tx: Transaction) => Promise<T>): Promise<T> {
    this.statements.push({ sql: bindingOf(scope), parameters: [], together: false, last: false });
    // BEGIN is not waited for, so the first statement travels with it.
    this.#under_way = 1;
    return await this.#inner.transaction(scope, (tx) => work(this.#recorded(tx)));
  }

  async query<T extends Row = Row>(sql: string, parameters: readonly Parameter[] = []): Promise<T[]> {
    return await this.#note(sql, parameters, () => this.#inner.query<T>(sql, parameters));
  }

  async close(): Promise<void> {
    await this.#inner.close();
  }

  #recorded(tx: Transaction): Transaction {
    return {
      query: (sql, parameters = []) => this.#note(sql, parameters, () => tx.query(sql, parameters)),
      values: (sql, parameters = []) => this.#note(sql, parameters, () => tx.values(sql, parameters)),
      last: (sql, parameters = []) => {
        this.statements.push({ sql, parameters, together: this.#under_way > 0, last: true });
        tx.last(sql, parameters);
      },
      script: (sql) => this.#note(sql, [], () => tx.script(sql)),
      bind: (scope) => this.#note(bindingOf(scope), [], () => tx.bind(scope)),
    };
  }

  async #note<T>(sql: string, parameters: readonly Parameter[], send: () => Promise<T>): Promise<T> {
    this.statements.push({ sql, parameters, together: this.#under_way > 0, last: false });
    this.#under_way++;
    try {
      return await send();
    } finally {
      this.#under_way = 0;
    }
  }
}
