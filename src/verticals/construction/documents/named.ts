import { and, desc, eq, type SQL } from "drizzle-orm";
import type { orders } from "../orders/table.ts";
import type { quotes } from "../quotes/table.ts";
import { isOneOf, matchingInOrder, named } from "../search/words.ts";
import type { ShopWork } from "../work.ts";

export type DocumentTable = typeof orders | typeof quotes;

/** A name that many customers have fills a page from this many of the newest documents. */
const NEWEST = 1000;

/**
 * The documents of a page (`limit` and one more), newest first, of those that `conditions` lets through and whose
 * customer's name has `words`. Half of a shop's customers may be called so: then the newest documents are looked
 * through. Otherwise the newest of each such customer are: never all documents of a name, never all of a shop.
 */
export async function ofCustomersNamed(
  work: ShopWork,
  table: DocumentTable,
  conditions: SQL | undefined,
  words: readonly string[],
  limit: number,
): Promise<SQL | undefined> {
  const newest = await amongNewest(work, table, conditions, words, limit);
  const found = newest.length > limit ? newest : await ofEachCustomer(work, table, conditions, words, limit);
  return and(eq(table.tenant_id, work.tenant.tenant_id), isOneOf(table.id, found));
}

async function amongNewest(
  work: ShopWork,
  table: DocumentTable,
  conditions: SQL | undefined,
  words: readonly string[],
  limit: number,
) {
  const { id, customer_id, created_at } = table;
  const newest = work.orm
    .select({ id, customer_id, created_at })
    .from(table)
    .where(conditions)
    .orderBy(desc(created_at), desc(id))
    .limit(NEWEST)
    .as("newest");
  return await work.orm
    .select({ id: newest.id })
    .from(newest)
    .where(matchingInOrder(work, newest.customer_id, words))
    .orderBy(desc(newest.created_at), desc(newest.id))
    .limit(limit + 1);
}

async function ofEachCustomer(
  work: ShopWork,
  table: DocumentTable,
  conditions: SQL | undefined,
  words: readonly string[],
  limit: number,
) {
  const { id, customer_id, created_at } = table;
  const customers = named(work, "customer", words).as("named");
  const latest = work.orm
    .select({ id, created_at })
    .from(table)
    .where(and(conditions, eq(customer_id, customers.id)))
    .orderBy(desc(created_at), desc(id))
    .limit(limit + 1)
    .as("latest");
  return await work.orm
    .selectDistinct({ id: latest.id, created_at: latest.created_at })
    .from(customers)
    .crossJoinLateral(latest)
    .orderBy(desc(latest.created_at), desc(latest.id))
    .limit(limit + 1);
}
