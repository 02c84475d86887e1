import { type AnyColumn, and, eq, gte, lt, lte, type SQL, sql } from "drizzle-orm";
import { t } from "elysia";
import { Id } from "../../../platform/http/shape.ts";
import { beforeInstant } from "../keyset.ts";
import { wordsOf } from "../search/words.ts";
import type { ShopWork } from "../work.ts";
import { readDay, readInstant } from "./dates.ts";
import { type DocumentTable, ofCustomersNamed } from "./named.ts";

const Moment = t.Union([t.String({ format: "date" }), t.String({ format: "date-time" })], {
  description: "a day of the shop's time zone, or an instant; both ends are included",
  examples: ["2026-03-01"],
});

/** Filters that quotes and orders share. */
export const documentFilters = {
  customer_id: t.Optional(Id),
  created_from: t.Optional(Moment),
  created_to: t.Optional(Moment),
};

interface DocumentQuery {
  limit?: number | undefined;
  cursor?: string | undefined;
  q?: string | undefined;
  status?: string | undefined;
  customer_id?: string | undefined;
  created_from?: string | undefined;
  created_to?: string | undefined;
}

const DAY = /^\d{4}-\d{2}-\d{2}$/;
const NUMBER = { Q: /^(?:q-?)?0*(\d{1,15})$/i, O: /^(?:o-?)?0*(\d{1,15})$/i };

/**
 * The conditions of a page of quotes (`letter` Q) or orders (O), the newest first. `q` is a number of such a document, in
 * full or without its letter and zeros, or else words of the customer's name.
 */
export async function documentConditions(
  work: ShopWork,
  table: DocumentTable,
  letter: "Q" | "O",
  query: DocumentQuery,
): Promise<SQL | undefined> {
  const { status, customer_id, created_from, created_to, cursor, q = "" } = query;
  // Each table has states of its own; which of them were asked for is checked by the route.
  const status_column: AnyColumn = table.status;
  const number = NUMBER[letter].exec(q.trim())?.[1];
  const conditions = and(
    eq(table.tenant_id, work.tenant.tenant_id),
    status === undefined ? undefined : eq(status_column, status),
    customer_id === undefined ? undefined : eq(table.customer_id, customer_id),
    created_from === undefined ? undefined : from(work, table.created_at, created_from, "/created_from"),
    created_to === undefined ? undefined : to(work, table.created_at, created_to, "/created_to"),
    number === undefined ? undefined : eq(table.number, `${letter}-${number.padStart(6, "0")}`),
    beforeInstant(table.created_at, table.id, cursor),
  );
  const words = number === undefined ? await wordsOf(work, q) : undefined;
  return words ? await ofCustomersNamed(work, table, conditions, words, query.limit ?? 50) : conditions;
}

function from(work: ShopWork, at: AnyColumn, moment: string, path: string): SQL {
  return DAY.test(moment) ? gte(at, startOfDay(work, readDay(moment, path), 0)) : gte(at, readInstant(moment, path));
}

function to(work: ShopWork, at: AnyColumn, moment: string, path: string): SQL {
  return DAY.test(moment) ? lt(at, startOfDay(work, readDay(moment, path), 1)) : lte(at, readInstant(moment, path));
}

/** The instant at which the shop's day `day` + `later` begins. */
function startOfDay(work: ShopWork, day: string | null, later: number): SQL {
  return sql`((${day}::date + ${later}::integer)::timestamp at time zone ${work.tenant.time_zone})`;
}
