import type { Writable } from "node:stream";
import postgres from "postgres";
import { OWNER } from "../../platform/database/roles.ts";
import type { Batch } from "./batch.ts";
import { TABLE_NAMES, TABLES, type TableName } from "./tables.ts";

// COPY does not write to tables with row-level security. So it fills temporary tables, of which nothing is logged, and a
// statement moves their rows on.

const ROWS = TABLE_NAMES.filter((name) => name !== "event_log");

/**
 * All rows in one statement: foreign keys are checked at its end, and a converted quote and its order refer to each other.
 */
const MOVE_ROWS = `with ${ROWS.map((name) => `${name}_moved as (${moving(name)})`).join(", ")} select`;

const LEVELS = `
  insert into stock_levels as l (tenant_id, product_id, quantity, updated_at)
  select * from json_to_recordset($1::text::json) as r (tenant_id uuid, product_id uuid, quantity numeric, updated_at timestamptz)
  on conflict (tenant_id, product_id) do update set quantity = excluded.quantity, updated_at = excluded.updated_at`;
const PRICES = `
  update products p set base_price = r.base_price, updated_at = r.updated_at
  from json_to_recordset($1::text::json) as r (tenant_id uuid, id uuid, base_price numeric, updated_at timestamptz)
  where p.tenant_id = r.tenant_id and p.id = r.id`;
const NUMBERS = `
  insert into document_numbers as n (tenant_id, kind, last)
  select * from json_to_recordset($1::text::json) as r (tenant_id uuid, kind text, last bigint)
  on conflict (tenant_id, kind) do update set last = excluded.last`;

/** An event's place in its batch: small rows fill the room that large ones left, so tables do not keep an order. */
const PLACE = "place";

/** Bytes handed to the driver at once. */
const CHUNK = 1 << 16;

/** Writes batches over one connection, each in a transaction of its own. */
export class Loader {
  readonly #sql: postgres.Sql;
  #unchecked = false;

  constructor(url: string) {
    this.#sql = postgres(url, {
      max: 1,
      fetch_types: false,
      onnotice: () => undefined,
      connection: {
        application_name: "basecommerce demo",
        TimeZone: "UTC",
      },
    });
  }

  async open(): Promise<void> {
    const tables = TABLE_NAMES.map((name) => {
      const columns = [...TABLES[name], ...(name === "event_log" ? [`0 as ${PLACE}`] : [])].join(", ");
      return `create temp table load_${name} on commit delete rows as select ${columns} from ${name} with no data;
        grant select, insert on load_${name} to ${OWNER}`;
    });
    await this.#sql.begin((tx) => tx.unsafe(tables.join("; ")).simple());
    this.#unchecked = await this.#mayLeaveChecks();
  }

  /**
   * Commits a batch. With `checked` every trigger fires; otherwise, where the login may, foreign keys are not looked up row
   * by row, which costs more than writing the rows.
   */
  async load(batch: Batch, checked: boolean): Promise<void> {
    const { levels, prices, numbers } = batch.changes();
    const transaction = this.#sql.begin(async (tx) => {
      const leave = this.#unchecked && !checked ? "set local session_replication_role = replica;" : "";
      await tx.unsafe(`${leave} set local role ${OWNER}; select event_log_extend()`).simple();
      for (const name of TABLE_NAMES) await this.#copy(tx, name, batch.lines[name]);
      await tx.unsafe(MOVE_ROWS);
      await tx.unsafe(LEVELS, [levels]);
      await tx.unsafe(PRICES, [prices]);
      await tx.unsafe(NUMBERS, [numbers]);
      // Last before COMMIT: from here on every reader of the ledger waits for this transaction.
      await tx.unsafe(`${moving("event_log")} order by ${PLACE}`);
    });
    await transaction.catch((error) => {
      // The driver does not tell of a COPY that fails at its end; the statement after it finds the transaction failed.
      const lost = error instanceof postgres.PostgresError && error.code === "25P02";
      throw lost ? new Error("PostgreSQL refused the rows; its log says why", { cause: error }) : error;
    });
  }

  async close(): Promise<void> {
    await this.#sql.end({ timeout: 5 });
  }

  async #copy(tx: postgres.TransactionSql, name: TableName, lines: readonly string[]): Promise<void> {
    if (lines.length === 0) return;
    const stream = await tx.unsafe(`copy load_${name} from stdin`).writable();
    const failed = failureOf(stream);
    let chunk = "";
    for (const line of lines) {
      chunk += `${line}\n`;
      if (chunk.length < CHUNK) continue;
      await Promise.race([written(stream, chunk), failed]);
      chunk = "";
    }
    await Promise.race([written(stream, chunk), failed]);
    stream.end();
    // The driver takes no statement until the stream's last step, which is a tick away.
    await Bun.sleep(0);
  }

  async #mayLeaveChecks(): Promise<boolean> {
    try {
      await this.#sql.begin((tx) => tx.unsafe("set local session_replication_role = replica").simple());
      return true;
    } catch (error) {
      if (error instanceof postgres.PostgresError && error.code === "42501") return false;
      throw error;
    }
  }
}

async function written(stream: Writable, chunk: string): Promise<void> {
  await new Promise<void>((resolve) => stream.write(chunk, () => resolve()));
}

/**
 * Rejects when the server refuses a row before the stream has ended. The driver's stream says CopyFail to the server when
 * it is destroyed, even after it ended well, and that would hit the next COPY: so it is not destroyed, it only tells.
 */
function failureOf(stream: Writable): Promise<never> {
  const { promise, reject } = Promise.withResolvers<never>();
  promise.catch(() => undefined);
  stream.destroy = (error) => {
    if (error) reject(error);
    return stream;
  };
  return promise;
}

function moving(name: TableName): string {
  const columns = TABLES[name].join(", ");
  return `insert into ${name} (${columns}) select ${columns} from load_${name}`;
}
