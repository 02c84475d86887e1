import { pgTable, text, uuid } from "drizzle-orm/pg-core";

/** The words of a row's names, kept by triggers; `kind` is the resource. */
export const search_words = pgTable("search_words", {
  tenant_id: uuid().notNull(),
  kind: text().notNull(),
  word: text().notNull(),
  id: uuid().notNull(),
});
