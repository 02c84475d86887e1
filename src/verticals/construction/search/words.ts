import { type AnyColumn, aliasedTable, and, eq, gte, lt, type SQL, sql } from "drizzle-orm";
import type { ShopWork } from "../work.ts";
import { search_words } from "./table.ts";

export type Searchable = "product" | "customer" | "job_site" | "supplier";

/** More words would only cost: the first few have long decided. */
const MAX_WORDS = 5;
/** Sorts behind every word that begins with what stands before it. */
const LAST_CHARACTER = "\u{10FFFF}";

/** More rows than this are not sorted to show the first of them. */
const FEW = 1000;

/**
 * Rows of `kind` whose id is `id` and whose words begin with each of the words in `q`; undefined when there is nothing
 * to search for. Ranges over an index that leads with the tenant: nothing is scanned. Few rows are named; of many, the
 * list is walked in its own order until a page is full.
 */
export async function matching(
  work: ShopWork,
  kind: Searchable,
  id: AnyColumn,
  q: string | undefined,
): Promise<SQL | undefined> {
  const words = await wordsOf(work, q);
  if (!words) return undefined;
  const found = await named(work, kind, words).limit(FEW + 1);
  return found.length > FEW ? matchingInOrder(work, id, words) : isOneOf(id, found);
}

/**
 * One parameter for any number of rows: each number would be a statement of its own to prepare. As an array, because of
 * a sub-query the planner believes that a list's order leads to its rows soon.
 */
export function isOneOf(id: AnyColumn, rows: readonly { id: string }[]): SQL {
  const ids = JSON.stringify(rows.map((row) => row.id));
  return sql`${id} = any (array(select value::uuid from json_array_elements_text(${ids}::text::json)))`;
}

/** The words of what was typed, folded; undefined when nothing was. */
export async function wordsOf(work: ShopWork, q: string | undefined): Promise<string[] | undefined> {
  if (q === undefined || q.trim() === "") return undefined;
  // The database that made the words also reads what was typed, so that both are folded alike.
  const words = await work.tx.query<{ word: string }>("select word from words_of($1) word limit $2", [q, MAX_WORDS]);
  return words.map(({ word }) => word);
}

/** Ids of the rows of `kind` that have a word beginning with each of `words`; one may come more than once. None without words. */
export function named(work: ShopWork, kind: Searchable, [first, ...others]: readonly string[]) {
  const { tenant_id, id, word } = search_words;
  return work.orm
    .select({ id })
    .from(search_words)
    .where(
      and(
        eq(tenant_id, work.tenant.tenant_id),
        eq(search_words.kind, kind),
        first === undefined ? sql`false` : beginsWith(word, first),
        others.length === 0 ? undefined : matchingInOrder(work, id, others),
      ),
    );
}

/**
 * Rows whose id is `id` and that have a word beginning with each of `words`, looked up one by one in the order they come
 * in: a page that is full ends the look. EXISTS would become a join, which reads and sorts all rows before the first is
 * answered; and with the kind, which the id implies, every look could be a walk through all entries of the word.
 */
export function matchingInOrder(work: ShopWork, id: AnyColumn, words: readonly string[]): SQL {
  const entry = aliasedTable(search_words, "entry");
  const look = (word: string) =>
    work.orm
      .select({ found: sql`1` })
      .from(entry)
      .where(and(eq(entry.tenant_id, work.tenant.tenant_id), eq(entry.id, id), beginsWith(entry.word, word)))
      .limit(1);
  return and(...words.map((word) => sql`${look(word)} is not null`)) ?? sql`false`;
}

function beginsWith(column: AnyColumn, word: string): SQL | undefined {
  return and(gte(column, word), lt(column, word + LAST_CHARACTER));
}
