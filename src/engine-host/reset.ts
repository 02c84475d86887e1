import type { Database } from "../platform/database/database.ts";
import { ENGINES } from "../platform/database/roles.ts";
import type { Log } from "../platform/observability/log.ts";
import type { EngineDefinition } from "../sdk/engine.ts";
import { lend } from "./lent.ts";
import type { EngineManifest } from "./manifest.ts";
import { engineBatchRole, engineRole } from "./names.ts";

/** Runs the engine's own `reset` when a replay has emptied its derived tables and nobody has run it yet. */
export async function runReset(
  database: Database,
  definition: EngineDefinition,
  manifest: EngineManifest,
  log: Log,
): Promise<void> {
  await database.transaction({ role: ENGINES, lent: true }, async (tx) => {
    const [row] = await tx.query<{ reset_pending: boolean }>(
      "select reset_pending from engine where name = $1 for update",
      [manifest.name],
    );
    if (!row?.reset_pending) return;
    if (definition.reset) {
      const role = manifest.set_based ? engineBatchRole(manifest.name) : engineRole(manifest.name);
      await tx.bind({ role, schema: engineRole(manifest.name) });
      const { reset } = definition;
      await lend(tx, {}, (db) => reset({ db, log }));
      await tx.bind({ role: ENGINES, schema: "public" });
    }
    await tx.query("update engine set reset_pending = false where name = $1", [manifest.name]);
  });
}
