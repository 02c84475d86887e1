import { join } from "node:path";
import { EmbeddedDatabase } from "../platform/database/embedded.ts";
import { LedgerReader } from "../platform/events/ledger-reader.ts";
import { ensureStream } from "../platform/events/stream-registry.ts";
import { LedgerStreams } from "../platform/streams/ledger-streams.ts";
import { takeDataFolder } from "./data-folder.ts";
import { type BaseParts, CONSTRUCTION_STREAM, type Parts } from "./parts.ts";
import { migrateDatabase } from "./schema.ts";

/** The parts of a process that stands alone: its database within it, streams read from the ledger. */
export async function embeddedParts(base: BaseParts, data_dir: string): Promise<Parts> {
  const giveBack = takeDataFolder(data_dir);
  const database = await EmbeddedDatabase.open(join(data_dir, "database"));
  await migrateDatabase(database);
  await ensureStream(database, CONSTRUCTION_STREAM, base.config.stream_partitions);
  base.readiness.add("database", async () => {
    await database.query("select 1");
    return undefined;
  });
  const streams = new LedgerStreams(new LedgerReader(database));
  return {
    ...base,
    streams,
    open: async () => ({ database, session_role: undefined }),
    close: async () => {
      await streams.close();
      await database.close();
      giveBack();
    },
  };
}
