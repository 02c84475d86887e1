import type { Migration } from "../../platform/database/migrations.ts";
import construction from "./migrations/0100_construction.sql" with { type: "text" };

export const constructionMigrations: readonly Migration[] = [{ id: "0100_construction", sql: construction }];
