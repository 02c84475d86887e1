import type { Command } from "commander";
import { isEngineName } from "../../engine-host/names.ts";
import { removeEngine } from "../../engine-host/removal.ts";
import { OWNER } from "../../platform/database/roles.ts";
import { notFound } from "../../platform/http/problem.ts";
import { withDatabase } from "../owner-database.ts";
import { OWNER_SETTINGS } from "../owner-url.ts";
import { withSettings } from "../setting-flags.ts";
import type { Surroundings } from "../surroundings.ts";

export function registerRemove(engine: Command, { environment, out }: Surroundings): void {
  withSettings(engine.command("remove <name>"), OWNER_SETTINGS)
    .description("forget an engine that no host has any more: its positions, failed events and tables")
    .requiredOption("--drop-data", "yes, also what people entered there")
    .action(async (name: string, flags: Record<string, unknown>) => {
      if (!isEngineName(name)) throw notFound(`engine ${name}`);
      await withDatabase(flags, environment, async (database) => {
        await database.transaction({ role: OWNER }, (tx) => removeEngine(tx, name));
        out(`${name} is gone: the ledger waits for it no more`);
      });
    });
}
