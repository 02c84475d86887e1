import type { Row, Transaction } from "../database/database.ts";
import { codeOf } from "../database/errors.ts";

/** A table with rows of tenants, of the platform, a vertical or an engine. */
export interface TenantTable {
  /** With its schema, quoted where it must be. */
  name: string;
  columns: string[];
}

/** What people and programs prove themselves with, by the names such columns have: of no use outside, and of much harm. */
const SECRET = /(?:^|_)(?:secret|password|token|private_key|api_key)s?(?:_hash)?$|^(?:family|turn)_digest$/;
/** Answers that are given again: one may be the only time that a secret was shown. */
const ANSWERS = new Map([
  ["idempotency_keys", "body"],
  ["engine_request_keys", "body"],
]);
/** What stays of a tenant that was deleted: the ledger's envelopes, and the note of what their payloads became. */
const KEPT = new Set(["event_log", "event_redaction"]);
/** Rows fetched at once: one may be some megabytes, as photos are. */
const PAGE = 50;
/** Foreign keys that say no, at the end of the statement and at once. */
const REFERRED = new Set(["23503", "23001"]);

/** Every table that has a tenant_id, whoever made it; the ledger's ranges are parts of one. */
export async function tenantTables(tx: Transaction): Promise<TenantTable[]> {
  return await tx.query<TenantTable & Row>(
    `select case when n.nspname = 'public' then '' else quote_ident(n.nspname) || '.' end || quote_ident(c.relname) as name,
            json_agg(a.attname order by a.attnum) as columns
     from pg_class c
     join pg_namespace n on n.oid = c.relnamespace
     join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
     where c.relkind in ('r', 'p') and not c.relispartition and (n.nspname = 'public' or n.nspname like 'engine\\_%')
     group by n.nspname, c.relname
     having bool_or(a.attname = 'tenant_id' and a.atttypid = 'uuid'::regtype)
     order by n.nspname <> 'public', n.nspname, c.relname <> 'tenants', c.relname`,
  );
}

/**
 * Hands every row of the tenant to `each`, table by table, as JSON text without the columns that are secrets. `tx` works as
 * the owner, on a snapshot where all tables are to be of one moment.
 */
export async function exportTenant(
  tx: Transaction,
  tenant_id: string,
  each: (table: string, row: string) => void,
): Promise<void> {
  for (const { name, columns } of await tenantTables(tx)) {
    const shown = columns.filter((column) => !SECRET.test(column) && ANSWERS.get(name) !== column);
    const rows = `select ${shown.map(quoted).join(", ")} from ${name} where tenant_id = '${checked(tenant_id)}'`;
    await tx.script(`declare tenant_rows no scroll cursor for select row_to_json(r)::text as row from (${rows}) r`);
    for (;;) {
      const page = await tx.query<{ row: string }>(`fetch ${PAGE} from tenant_rows`);
      for (const { row } of page) each(name, row);
      if (page.length < PAGE) break;
    }
    await tx.script("close tenant_rows");
  }
}

/**
 * Deletes every row of the tenant. Its events keep their envelopes, which the ledger's order and chain stand on, and lose
 * their payloads. Returns how many rows went and how many events were emptied. `tx` works as the owner.
 */
export async function deleteTenant(tx: Transaction, tenant_id: string): Promise<{ rows: number; events: number }> {
  let left = (await tenantTables(tx)).filter(({ name }) => !KEPT.has(name)).reverse();
  let rows = 0;
  while (left.length > 0) {
    const referred: TenantTable[] = [];
    for (const table of left) {
      const gone = await deleteRows(tx, table, tenant_id);
      if (gone === undefined) referred.push(table);
      else rows += gone;
    }
    if (referred.length === left.length) {
      throw new Error(`rows of ${referred.map(({ name }) => name).join(", ")} refer to each other in a circle`);
    }
    left = referred;
  }
  // After the rows: whoever writes an event holds one of them, so that all who did are waited for.
  const [emptied] = await tx.query<{ events: number }>(
    `with emptied as (
       update event_log set payload = '{}' where tenant_id = $1 and payload::text <> '{}'
       returning seq, tenant_id, event_chain_digest(payload) as payload_digest
     ), noted as (
       insert into event_redaction as r (seq, tenant_id, payload_digest) select seq, tenant_id, payload_digest from emptied
       on conflict (seq) do update set payload_digest = excluded.payload_digest, redacted_at = now() returning 1
     )
     select count(*) as events from noted`,
    [tenant_id],
  );
  return { rows, events: emptied?.events ?? 0 };
}

/** Undefined, and nothing is done, while rows of other tables refer to these. */
async function deleteRows(tx: Transaction, { name }: TenantTable, tenant_id: string): Promise<number | undefined> {
  await tx.script("savepoint before_table");
  try {
    const gone = await tx.query<{ rows: number }>(
      `with gone as (delete from ${name} where tenant_id = $1 returning 1) select count(*) as rows from gone`,
      [tenant_id],
    );
    await tx.script("release savepoint before_table");
    return gone[0]?.rows ?? 0;
  } catch (error) {
    if (!REFERRED.has(codeOf(error) ?? "")) throw error;
    await tx.script("rollback to savepoint before_table");
    return undefined;
  }
}

const quoted = (column: string) => `"${column.replaceAll('"', '""')}"`;

/** It stands in a statement that takes no parameters. */
function checked(tenant_id: string): string {
  if (!/^[0-9a-f-]{36}$/.test(tenant_id)) throw new TypeError("not a tenant id");
  return tenant_id;
}
