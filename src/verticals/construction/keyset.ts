import { type AnyColumn, type SQL, sql } from "drizzle-orm";
import { keysOf } from "../../platform/http/page.ts";

const TEXT = /^[^\0]{1,300}$/;
const INSTANT = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}\.\d{6}Z$/;
const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

// A page begins behind the last row of the one before, wherever that row is by now: rows made or deleted meanwhile shift
// nothing, and the page of any depth costs the same.

/** Lists by name: rows after the cursor `[name, id]`, ascending. */
export function afterName(name: AnyColumn, id: AnyColumn, cursor: string | undefined): SQL | undefined {
  if (cursor === undefined) return undefined;
  const [last_name, last_id] = keysOf(cursor, TEXT, UUID);
  return sql`(${name}, ${id}) > (${last_name}, ${last_id})`;
}

/** Lists by time, the newest first: rows before the cursor `[instant, id]`. */
export function beforeInstant(at: AnyColumn, id: AnyColumn, cursor: string | undefined): SQL | undefined {
  if (cursor === undefined) return undefined;
  const [last_at, last_id] = keysOf(cursor, INSTANT, UUID);
  return sql`(${at}, ${id}) < (${last_at}, ${last_id})`;
}
