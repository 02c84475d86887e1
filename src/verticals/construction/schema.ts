import type { Migration } from "../../platform/database/migrations.ts";
import construction from "./migrations/0100_construction.sql" with { type: "text" };
import redaction from "./migrations/0101_redaction_digest.sql" with { type: "text" };
import parked from "./migrations/0102_redaction_parked.sql" with { type: "text" };

export const constructionMigrations: readonly Migration[] = [
  { id: "0100_construction", sql: construction },
  { id: "0101_redaction_digest", sql: redaction },
  { id: "0102_redaction_parked", sql: parked },
];
