import { EmbeddedDatabase } from "../../src/platform/database/embedded.ts";
import { migrateDatabase } from "../../src/roles/schema.ts";
import { databaseContract } from "./database.ts";

databaseContract("PGlite", async () => {
  const database = await EmbeddedDatabase.open();
  await migrateDatabase(database);
  return database;
});
