import { drizzle, type PgRemoteDatabase } from "drizzle-orm/pg-proxy";
import type { Transaction } from "./database.ts";

/** Drizzle's query builder bound to one open transaction. */
export type Orm = PgRemoteDatabase<Record<string, never>>;

/**
 * One adapter for both databases: Drizzle builds the statement, the transaction sends it. Drizzle's own drivers would
 * take the pool and bring their own conversions. Not the transaction's own: who builds no statement does not load it.
 */
export function ormOf(tx: Transaction): Orm {
  return drizzle(async (sql, parameters, method) => ({
    rows: method === "execute" ? await tx.query(sql, parameters) : await tx.values(sql, parameters),
  }));
}
