import postgres from "postgres";
import { PostgresDatabase } from "../../src/platform/database/postgres.ts";
import { LedgerReader } from "../../src/platform/events/ledger-reader.ts";
import type { Servers } from "./drain.ts";

const COLUMNS = `seq, event_id, tenant_id, stream, partition, event_type, version, key, payload::text as payload,
  occurred_at, trace, causation_id, hops`;

/** Reads `count` events of the ledger and throws them away. */
export type Reading = (servers: Servers, count: number) => Promise<void>;

/** As the relay reads: so many rows after the last one, as text, at most 2 MB of payload. */
export function pages(limit: number): Reading {
  return async ({ database }, count) => {
    const pool = new PostgresDatabase({ url: database, application_name: "bench read", max: 1 });
    const ledger = new LedgerReader(pool);
    let after = 0;
    for (let seen = 0; seen < count; ) {
      const { events } = await ledger.page(after, limit);
      seen += events.length;
      after = events.at(-1)?.seq ?? Number.POSITIVE_INFINITY;
    }
    await pool.close();
  };
}

/** A statement for each 2000 of `seq`, by its parameters [from, upto). */
function statements(url: (servers: Servers) => string, sql: string): Reading {
  return async (servers, count) => {
    const pool = new PostgresDatabase({ url: url(servers), application_name: "bench read", max: 1 });
    for (let from = 1; from <= count; from += 2000) await pool.query(sql, [from, from + 2000]);
    await pool.close();
  };
}

/** Fixed spans of `seq`: nothing has to be sorted, but a gap makes them small, and large payloads are not bounded. */
export const spans = statements(
  ({ database }) => database,
  `select ${COLUMNS} from event_log where seq >= $1 and seq < $2 order by seq`,
);

/** The same from a copy of the ledger whose payload is of `type`; see `copyLedger`. */
export function copied(type: "json" | "jsonb"): Reading {
  return statements(
    ({ admin }) => admin,
    `select ${COLUMNS} from ledger_${type} where seq >= $1 and seq < $2 order by seq`,
  );
}

/** A cursor of the server, which keeps a snapshot: what commits below its place later is never seen. */
export const cursor: Reading = async ({ database }, count) => {
  const sql = postgres(database, { max: 1, fetch_types: false });
  const query = sql.unsafe(`select ${COLUMNS} from event_log where seq <= ${count} order by seq`);
  for await (const rows of query.cursor(2000)) if (rows.length === 0) break;
  await sql.end();
};

/** COPY to nowhere: what a format costs the server, which is the least that reading can take. */
export function copyOut(format: "text" | "binary"): Reading {
  return async ({ admin }, count) => {
    const pool = new PostgresDatabase({ url: admin, application_name: "bench copy", max: 1 });
    for (let from = 1; from <= count; from += 2000) {
      const select = `select ${COLUMNS} from event_log where seq >= ${from} and seq < ${from + 2000} order by seq`;
      await pool.query(`copy (${select}) to '/dev/null' (format ${format})`);
    }
    await pool.close();
  };
}

/** Copies the first `count` events into a table for each type of payload. */
export async function copyLedger({ admin }: Servers, count: number): Promise<void> {
  const pool = new PostgresDatabase({ url: admin, application_name: "bench copy", max: 1 });
  for (const type of ["json", "jsonb"]) {
    const columns = COLUMNS.replace("payload::text as payload", `payload::${type} as payload`);
    await pool.query(`create unlogged table ledger_${type} as select ${columns} from event_log where seq <= ${count}`);
    await pool.query(`alter table ledger_${type} add primary key (seq)`);
    await pool.query(`vacuum analyze ledger_${type}`);
  }
  await pool.close();
}
