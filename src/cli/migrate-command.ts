import type { Command } from "commander";
import { migrate, pendingSteps } from "./migrate.ts";
import { OWNER_SETTINGS, ownerUrl } from "./owner-url.ts";
import { withSettings } from "./setting-flags.ts";
import type { Surroundings } from "./surroundings.ts";

export function registerMigrate(program: Command, { environment, out }: Surroundings): void {
  withSettings(program.command("migrate"), OWNER_SETTINGS)
    .description("bring roles, schema and built-in engines of the database up to date; needs the owner's login")
    .option("--dry-run", "only say what would be applied")
    .action(async (flags: Record<string, string | boolean | undefined>) => {
      if (flags.dryRun) {
        const steps = await pendingSteps(ownerUrl(flags, environment));
        out(steps.length === 0 ? "nothing to migrate" : steps.map((step) => `would apply ${step}`).join("\n"));
        return;
      }
      await migrate({ url: ownerUrl(flags, environment), log: out });
    });
}
