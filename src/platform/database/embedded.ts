import type { PGlite, Transaction as PGliteTransaction } from "@electric-sql/pglite";
import type { Database, Parameter, Row, Scope, Transaction } from "./database.ts";
import { AS_OPENED, bindingOf } from "./scope.ts";
import { instantFromText, integerFromText, OID } from "./wire.ts";

const OPENED_WITH = "set time zone 'UTC'";

class EmbeddedTransaction implements Transaction {
  readonly #tx: PGliteTransaction;
  #last: Promise<unknown> | undefined;

  constructor(tx: PGliteTransaction) {
    this.#tx = tx;
  }

  async query<T extends Row>(sql: string, parameters: readonly Parameter[] = []): Promise<T[]> {
    this.#check();
    return (await this.#tx.query<T>(sql, [...parameters])).rows;
  }

  async values(sql: string, parameters: readonly Parameter[] = []): Promise<unknown[][]> {
    this.#check();
    return (await this.#tx.query<unknown[]>(sql, [...parameters], { rowMode: "array" })).rows;
  }

  async bind(scope: Scope): Promise<void> {
    const binding = bindingOf(scope);
    if (binding !== "") await this.script(binding);
  }

  last(sql: string, parameters: readonly Parameter[] = []): void {
    const answer = this.#tx.query(sql, [...parameters]);
    answer.catch(() => undefined);
    // What fails behind a failure says only that.
    this.#last = (this.#last ?? Promise.resolve()).then(() => answer);
    this.#last.catch(() => undefined);
  }

  /** Settles when the last statements are answered, with the first failure among them. */
  get lastAnswer(): Promise<unknown> | undefined {
    return this.#last;
  }

  async script(sql: string): Promise<void> {
    this.#check();
    await this.#tx.exec(sql);
  }

  #check(): void {
    if (this.#last !== undefined) throw new Error("this transaction's last statement was sent");
  }
}

/** PostgreSQL in this process (PGlite). One connection: transactions queue, so they commit in the order of `seq`. */
export class EmbeddedDatabase implements Database {
  readonly kind = "pglite";
  readonly losses = 0;
  readonly #pglite: PGlite;

  private constructor(pglite: PGlite) {
    this.#pglite = pglite;
  }

  /**
   * Opens the database in the folder `directory`, making it on first use; without one it lives in memory. A new one starts
   * from `prepared`, which another gave by `dump`: making one from nothing takes seconds.
   */
  static async open(directory?: string, prepared?: Blob): Promise<EmbeddedDatabase> {
    const [{ PGlite }, { pgliteFiles }] = await Promise.all([
      import("@electric-sql/pglite"),
      import("./pglite-files.ts"),
    ]);
    const pglite = await PGlite.create({
      ...(directory === undefined ? {} : { dataDir: directory }),
      ...(prepared === undefined ? {} : { loadDataDir: prepared }),
      ...(await pgliteFiles()),
      parsers: {
        [OID.timestamptz]: instantFromText,
        [OID.date]: (text: string) => text,
        [OID.timestamp]: (text: string) => text,
        [OID.int8]: integerFromText,
      },
      serializers: {
        [OID.timestamptz]: (value: string) => value,
        [OID.date]: (value: string) => value,
        [OID.json]: (value: string) => value,
        [OID.jsonb]: (value: string) => value,
        [OID.int8]: String,
      },
    });
    await pglite.exec(OPENED_WITH);
    return new EmbeddedDatabase(pglite);
  }

  async transaction<T>(scope: Scope, work: (tx: Transaction) => Promise<T>): Promise<T> {
    const binding = bindingOf(scope);
    return await this.#pglite.transaction(async (tx) => {
      if (binding !== "") await tx.exec(binding);
      const transaction = new EmbeddedTransaction(tx);
      const result = await work(transaction);
      await transaction.lastAnswer;
      if (scope.lent) await tx.exec(`${AS_OPENED}; ${OPENED_WITH}`);
      return result;
    });
  }

  async query<T extends Row>(sql: string, parameters: readonly Parameter[] = []): Promise<T[]> {
    return (await this.#pglite.query<T>(sql, [...parameters])).rows;
  }

  /** Everything in it, to open others with. */
  async dump(): Promise<Blob> {
    return await this.#pglite.dumpDataDir("none");
  }

  async close(): Promise<void> {
    await this.#pglite.close();
  }
}
