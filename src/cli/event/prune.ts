import type { Command } from "commander";
import { ConfigError, settingTexts } from "../../config/config.ts";
import { SETTINGS } from "../../config/settings.ts";
import { PostgresDatabase } from "../../platform/database/postgres.ts";
import { OWNER } from "../../platform/database/roles.ts";
import { prune, rangeVerdicts } from "../../relay/retention.ts";
import { columns } from "../columns.ts";
import { OWNER_SETTINGS, ownerUrl } from "../owner-url.ts";
import { givenFlags, withSettings } from "../setting-flags.ts";
import type { Surroundings } from "../surroundings.ts";

/** `basecommerce event prune`: retention, for a timer of the database's droplet. */
export function registerPrune(event: Command, { environment, out }: Surroundings): void {
  withSettings(event.command("prune"), [...OWNER_SETTINGS, SETTINGS.event_retention_days])
    .description("drop the ledger's ranges that are older than EVENT_RETENTION_DAYS; needs the owner's login")
    .option("--dry-run", "only say what would be dropped and why the rest is kept")
    .action(async (flags: Record<string, string | boolean | undefined>) => {
      const text = settingTexts(givenFlags(flags), environment).event_retention_days ?? "0";
      const problem = SETTINGS.event_retention_days.check(text);
      if (problem !== undefined) throw new ConfigError([`EVENT_RETENTION_DAYS (--event-retention-days) ${problem}`]);
      const days = Number(text);
      const url = ownerUrl(flags, environment);
      const database = new PostgresDatabase({ url, application_name: "basecommerce prune", max: 1, role: OWNER });
      try {
        if (flags.dryRun) {
          const verdicts = await rangeVerdicts(database, days);
          out(
            columns(
              ["RANGE", "KEPT BECAUSE"],
              verdicts.map(({ name, kept }) => [name, days === 0 ? "EVENT_RETENTION_DAYS is 0" : (kept ?? "not kept")]),
            ),
          );
          return;
        }
        const dropped = await prune(database, days);
        out(dropped.length === 0 ? "nothing to drop" : `dropped ${dropped.join(", ")}`);
      } finally {
        await database.close();
      }
    });
}
