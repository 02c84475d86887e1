import type { Command } from "commander";
import { migrate } from "./migrate.ts";
import { OWNER_SETTINGS, ownerUrl } from "./owner-url.ts";
import { withSettings } from "./setting-flags.ts";
import type { Surroundings } from "./surroundings.ts";

export function registerMigrate(program: Command, { environment, out }: Surroundings): void {
  withSettings(program.command("migrate"), OWNER_SETTINGS)
    .description("bring roles, schema and built-in engines of the database up to date; needs the owner's login")
    .action(async (flags: Record<string, string>) => {
      await migrate({ url: ownerUrl(flags, environment), log: out });
    });
}
