import type { Database } from "../platform/database/database.ts";
import { createLog } from "../platform/observability/log.ts";
import type { EngineDefinition } from "../sdk/engine.ts";
import { EngineRoutes } from "./engine-routes.ts";
import { installEngine } from "./install.ts";
import { type EngineManifest, manifestOf } from "./manifest.ts";
import { engineRole } from "./names.ts";
import { TenantSettings } from "./tenant-settings.ts";

export interface InspectedTable {
  name: string;
  /** Row-level security keeps shops apart, also from the table's owner. */
  protected: boolean;
  /** A replay leaves it alone. */
  kept: boolean;
}

export interface Inspection {
  manifest: EngineManifest;
  migrations: string[];
  tables: InspectedTable[];
  /** Why the engine would not do what it looks like, by place. */
  problems: string[];
}

/** Installs an engine on `database`, which must be of no use for anything else, and looks at what came of it. */
export async function inspectEngine(database: Database, definition: EngineDefinition): Promise<Inspection> {
  const manifest = manifestOf(definition);
  const migrations = await installEngine(database, definition);
  const problems = await routeProblems(database, definition, manifest);
  const tables = await database.query<{ name: string; protected: boolean }>(
    `select relname as name, relrowsecurity and relforcerowsecurity as protected from pg_class
     where relnamespace = $1::regnamespace and relkind in ('r', 'p') and relname <> 'schema_migration' order by 1`,
    [engineRole(manifest.name)],
  );
  return {
    manifest,
    migrations,
    tables: tables.map((table) => ({ ...table, kept: manifest.kept_tables.includes(table.name) })),
    problems,
  };
}

async function routeProblems(
  database: Database,
  definition: EngineDefinition,
  manifest: EngineManifest,
): Promise<string[]> {
  try {
    const settings = new TenantSettings(database, manifest);
    new EngineRoutes({ database, definition, manifest, settings, log: await createLog("silent") });
    return [];
  } catch (error) {
    return [`routes: ${error instanceof Error ? error.message : String(error)}`];
  }
}
