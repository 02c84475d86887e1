import type { Command } from "commander";
import { type EngineSummary, engineInFull, engineSummaries } from "../../engine-host/registry.ts";
import { OWNER } from "../../platform/database/roles.ts";
import { notFound } from "../../platform/http/problem.ts";
import { columns } from "../columns.ts";
import { withDatabase } from "../owner-database.ts";
import { OWNER_SETTINGS } from "../owner-url.ts";
import { withSettings } from "../setting-flags.ts";
import type { Surroundings } from "../surroundings.ts";

export function registerList(engine: Command, { environment, out }: Surroundings): void {
  const summaries = async (flags: Record<string, unknown>, show: (all: EngineSummary[]) => void) => {
    await withDatabase(flags, environment, async (database) => {
      show(await database.transaction({ role: OWNER }, engineSummaries));
    });
  };
  withSettings(engine.command("list"), OWNER_SETTINGS)
    .description("engines with their state, hosts, lag and dead events")
    .option("--json", "print them as a JSON list")
    .action(async (flags: { json?: boolean }) => {
      await summaries({ ...flags }, (all) => out(flags.json ? JSON.stringify(all) : table(all)));
    });
  withSettings(engine.command("show <name>"), OWNER_SETTINGS)
    .description("everything about one engine, with the shops that have switched or configured it, as JSON")
    .action(async (name: string, flags: Record<string, unknown>) => {
      await withDatabase(flags, environment, async (database) => {
        const shown = await database.transaction({ role: OWNER }, (tx) => engineInFull(tx, name));
        if (!shown) throw notFound(`engine ${name}`);
        out(JSON.stringify(shown, null, 2));
      });
    });
}

function table(all: readonly EngineSummary[]): string {
  const rows = all.map((engine) => [
    engine.name,
    engine.version,
    engine.state,
    String(engine.hosts.length),
    String(engine.lag_events),
    engine.lag_seconds.toFixed(0),
    String(engine.parked),
    String(engine.dead),
    engine.replay_needed ?? engine.reason ?? "",
  ]);
  return columns(["NAME", "VERSION", "STATE", "HOSTS", "LAG", "SECONDS", "PARKED", "DEAD", "REMARK"], rows);
}
