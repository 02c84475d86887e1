import { resolve } from "node:path";
import type { Command } from "commander";
import { builtinEngines } from "../../engine-host/builtin.ts";
import { installEngine } from "../../engine-host/install.ts";
import { type EngineSource, load, provideSdk } from "../../engine-host/loading.ts";
import { withDatabase } from "../owner-database.ts";
import { OWNER_SETTINGS } from "../owner-url.ts";
import { withSettings } from "../setting-flags.ts";
import type { Surroundings } from "../surroundings.ts";

export function registerInstall(engine: Command, { environment, out }: Surroundings): void {
  withSettings(engine.command("install [folders...]"), OWNER_SETTINGS)
    .description("make roles and schema of drop-in engines, or of the built-in ones; needs the owner's login")
    .action(async (folders: string[], flags: Record<string, unknown>) => {
      await provideSdk();
      const sources: EngineSource[] =
        folders.length > 0
          ? folders.map(sourceOf)
          : Object.keys(builtinEngines).map((name) => ({ kind: "builtin", name }));
      await withDatabase(flags, environment, async (database) => {
        for (const source of sources) {
          const definition = await load(source);
          const applied = await installEngine(database, definition);
          const what = applied.length === 0 ? "nothing to apply" : `applied ${applied.join(", ")}`;
          out(`${definition.name} ${definition.version}: ${what}`);
        }
      });
    });
}

function sourceOf(folder: string): EngineSource {
  const path = resolve(folder);
  return { kind: "folder", name: path.slice(path.lastIndexOf("/") + 1), entry: `${path}/engine.ts` };
}
