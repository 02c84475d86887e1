import type { Command } from "commander";
import { ConfigError, settingTexts } from "../config/config.ts";
import { SETTINGS } from "../config/settings.ts";
import { migrate } from "./migrate.ts";
import { givenFlags, withSettings } from "./setting-flags.ts";
import type { Surroundings } from "./surroundings.ts";

export function registerMigrate(program: Command, { environment, out }: Surroundings): void {
  const { database_url, database_direct_url } = SETTINGS;
  withSettings(program.command("migrate"), [database_url, database_direct_url])
    .description("bring roles, schema and built-in engines of the database up to date; needs the owner's login")
    .action(async (flags: Record<string, string>) => {
      const texts = settingTexts(givenFlags(flags), environment);
      const url = texts.database_direct_url ?? texts.database_url;
      if (!url) throw new ConfigError(["DATABASE_URL (--database-url) is missing"]);
      const problem = database_url.check(url);
      if (problem !== undefined) throw new ConfigError([`DATABASE_URL (--database-url) ${problem}`]);
      await migrate({ url, log: out });
    });
}
