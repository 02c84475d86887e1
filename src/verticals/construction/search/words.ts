import { type AnyColumn, and, eq, exists, gte, lt, type SQL, sql } from "drizzle-orm";
import type { ShopWork } from "../work.ts";
import { search_words } from "./table.ts";

export type Searchable = "product" | "customer" | "job_site" | "supplier";

/** More words would only cost: the first few have long decided. */
const MAX_WORDS = 5;
/** Sorts behind every word that begins with what stands before it. */
const LAST_CHARACTER = "\u{10FFFF}";

/**
 * Rows of `kind` whose id is `id` and whose words begin with each of the words in `q`; undefined when there is nothing
 * to search for. Ranges over an index that leads with the tenant: nothing is scanned.
 */
export async function matching(
  work: ShopWork,
  kind: Searchable,
  id: AnyColumn,
  q: string | undefined,
): Promise<SQL | undefined> {
  const words = await wordsOf(work, q);
  return words && matchingWords(work, kind, id, words);
}

/** The words of what was typed, folded; undefined when nothing was. */
export async function wordsOf(work: ShopWork, q: string | undefined): Promise<string[] | undefined> {
  if (q === undefined || q.trim() === "") return undefined;
  // The database that made the words also reads what was typed, so that both are folded alike.
  const words = await work.tx.query<{ word: string }>("select word from words_of($1) word limit $2", [q, MAX_WORDS]);
  return words.map(({ word }) => word);
}

/** Rows of `kind` whose id is `id` and that have a word beginning with each of `words`; none when there are no words. */
export function matchingWords(work: ShopWork, kind: Searchable, id: AnyColumn, words: readonly string[]): SQL {
  return and(...words.map((word) => exists(entries(work, id, word, eq(search_words.kind, kind))))) ?? sql`false`;
}

/**
 * Rows whose id is `id` and that have such words, looked up one by one in the order they come in: a page that is full
 * ends the look. EXISTS would become a join, which reads and sorts all rows before the first is answered; and with the
 * kind, which the id implies, every look could be a walk through all entries of the word.
 */
export function matchingWordsInOrder(work: ShopWork, id: AnyColumn, words: readonly string[]): SQL {
  return and(...words.map((word) => sql`${entries(work, id, word).limit(1)} is not null`)) ?? sql`false`;
}

function entries(work: ShopWork, id: AnyColumn, word: string, of?: SQL) {
  return work.orm
    .select({ found: sql`1` })
    .from(search_words)
    .where(
      and(
        eq(search_words.tenant_id, work.tenant.tenant_id),
        of,
        eq(search_words.id, id),
        gte(search_words.word, word),
        lt(search_words.word, word + LAST_CHARACTER),
      ),
    );
}
