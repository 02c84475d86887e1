import type { Command } from "commander";
import type { EngineConfig, EngineManifest } from "../../engine-host/manifest.ts";
import { changeSetting } from "../../engine-host/tenant-settings.ts";
import { notFound, unprocessable } from "../../platform/http/problem.ts";
import { administer } from "../administration.ts";
import { OWNER_SETTINGS } from "../owner-url.ts";
import { withSettings } from "../setting-flags.ts";
import type { Surroundings } from "../surroundings.ts";

interface SwitchFlags extends Record<string, unknown> {
  tenant: string;
  config?: string;
}

/** `basecommerce engine enable|disable`: for one shop; running hosts follow within a second. */
export function registerSwitch(engine: Command, surroundings: Surroundings): void {
  ofShop(engine.command("enable <name>"))
    .description("switch an engine on for a shop, and configure it there")
    .option("--config <json>", "its configuration in this shop, as JSON; what is left out has its default")
    .action(async (name: string, flags: SwitchFlags) => await set(name, flags, true, surroundings));
  ofShop(engine.command("disable <name>"))
    .description("switch an engine off for a shop: no answers, no emits; what it derives goes on")
    .action(async (name: string, flags: SwitchFlags) => await set(name, flags, false, surroundings));
}

function ofShop(command: Command): Command {
  return withSettings(command, OWNER_SETTINGS).requiredOption("--tenant <slug>", "the shop");
}

async function set(
  name: string,
  flags: SwitchFlags,
  enabled: boolean,
  { environment, out }: Surroundings,
): Promise<void> {
  const config = flags.config === undefined ? undefined : parsed(flags.config);
  await administer(flags, environment, async (administration) => {
    const { tenant_id } = await administration.tenant(flags.tenant);
    await administration.transaction(async (tx) => {
      const [found] = await tx.query<{ manifest: EngineManifest }>("select manifest from engine where name = $1", [
        name,
      ]);
      if (!found) throw notFound(`engine ${name}`);
      await changeSetting(tx, found.manifest, tenant_id, { enabled, config });
    });
    out(`${name} is ${enabled ? "on" : "off"} for ${flags.tenant}; running hosts follow within a second`);
  });
}

function parsed(text: string): EngineConfig {
  const wrong = unprocessable([{ path: "/config", message: 'must be a JSON object such as {"shown": 5}' }]);
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw wrong;
  }
  if (typeof value !== "object" || value === null || Array.isArray(value)) throw wrong;
  return { ...value };
}
