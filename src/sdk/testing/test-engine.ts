import type { Static, TObject } from "typebox";
import { streams } from "../../contracts/index.ts";
import { EngineRoutes } from "../../engine-host/engine-routes.ts";
import { installEngine } from "../../engine-host/install.ts";
import { checkedDefinition, manifestOf } from "../../engine-host/manifest.ts";
import { type Environment, readSettings } from "../../engine-host/operator-settings.ts";
import { TenantSettings } from "../../engine-host/tenant-settings.ts";
import { DEFAULT_PARTITIONS } from "../../platform/events/partition.ts";
import { ensureStream } from "../../platform/events/stream-registry.ts";
import type { EmitContracts } from "../emits.ts";
import type { EngineDefinition } from "../engine.ts";
import { keepingLog, type LogLine } from "./log-lines.ts";
import { Processing } from "./processing.ts";
import { scratchDatabase } from "./scratch-database.ts";
import { makeTenants, type TestTenant } from "./tenants.ts";
import { TestedEngine } from "./tested-engine.ts";

export interface TestOptions<Config> {
  /** The shops of the test by slug. One named `shop` unless given. */
  tenants?: Readonly<Record<string, TestTenant<Config>>>;
  /** What the operator has set, by variable as in a host's environment; `operate` changes it. */
  environment?: Environment;
}

/**
 * Installs an engine on a database in memory and gives it into the test's hands: `await using engine = await testEngine(…)`.
 * Takes a second (the first time on a machine some more), so a file shares one and calls `clear()` before each test.
 * Throws `InvalidEngine` when the definition or a migration is wrong, as the host would refuse it.
 */
export async function testEngine<ConfigSchema extends TObject, Emits extends EmitContracts>(
  definition: EngineDefinition<ConfigSchema, Emits>,
  { tenants = { shop: {} }, environment = {} }: TestOptions<Static<ConfigSchema>> = {},
): Promise<TestedEngine<Static<ConfigSchema>, Emits>> {
  const checked = checkedDefinition(definition, definition.name);
  const manifest = manifestOf(checked);
  readSettings(checked, environment);
  const database = await scratchDatabase();
  try {
    for (const stream of Object.keys(streams)) await ensureStream(database, stream, DEFAULT_PARTITIONS);
    await installEngine(database, checked);
    const shops = await makeTenants(database, tenants);
    const lines: LogLine[] = [];
    const log = keepingLog(lines);
    const settings = new TenantSettings(database, manifest);
    const routes = new EngineRoutes({ database, definition: checked, manifest, settings, log });
    await checked.start?.();
    const processing = await Processing.start({
      database,
      definition: checked,
      manifest,
      settings,
      log,
      owner: "test",
    });
    const engine = new TestedEngine<Static<ConfigSchema>, Emits>({
      database,
      manifest,
      settings,
      routes,
      processing,
      tenants: shops,
      lines,
      operate: (changed) => void readSettings(checked, changed),
      stop: async () => await checked.stop?.(),
    });
    for (const [tenant, { enabled, config }] of Object.entries(tenants)) {
      if (enabled !== undefined || config !== undefined) await engine.configure({ enabled, config }, { tenant });
    }
    return engine;
  } catch (error) {
    await database.close();
    throw error;
  }
}
