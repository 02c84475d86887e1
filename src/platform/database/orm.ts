import { drizzle, type PgRemoteDatabase } from "drizzle-orm/pg-proxy";
import type { Parameter, Row } from "./database.ts";

/** Drizzle's query builder bound to one open transaction. */
export type Orm = PgRemoteDatabase<Record<string, never>>;

interface Runner {
  query(sql: string, parameters: readonly Parameter[]): Promise<Row[]>;
  values(sql: string, parameters: readonly Parameter[]): Promise<unknown[][]>;
}

/**
 * One adapter for both databases: Drizzle builds the statement, the transaction sends it. Drizzle's own drivers would
 * take the pool and bring their own conversions.
 */
export function ormOf(runner: Runner): Orm {
  return drizzle(async (sql, parameters, method) => ({
    rows: method === "execute" ? await runner.query(sql, parameters) : await runner.values(sql, parameters),
  }));
}
