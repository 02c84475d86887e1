import { engineRole } from "../../engine-host/names.ts";
import type { Database } from "../../platform/database/database.ts";

/** Takes every event, effect, position and parked event away; `seq` begins at 1 again. */
export async function emptyAll(database: Database, engine: string): Promise<void> {
  await database.transaction({}, async (tx) => {
    const tables = await tx.query<{ name: string }>(
      "select format('%I.%I', schemaname, tablename) as name from pg_tables where schemaname = $1 and tablename <> 'schema_migration'",
      [engineRole(engine)],
    );
    const all = ["event_log", "parked_event", "engine_position", "engine_job", ...tables.map(({ name }) => name)];
    await tx.script(`truncate ${all.join(", ")} restart identity`);
    await tx.script("update engine set reset_pending = false, replay_needed = null");
  });
}
