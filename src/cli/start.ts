import type { Command } from "commander";
import { type Config, ConfigError, ROLES, readConfig } from "../config/config.ts";
import type { DemoPeople } from "../demo/shop/credentials.ts";
import { createLog } from "../platform/observability/log.ts";
import { compose } from "../roles/compose.ts";
import { type Running, run } from "../runtime/run.ts";
import { stopRequested } from "../runtime/signals.ts";
import { givenFlags, withSettings } from "./setting-flags.ts";
import type { Surroundings } from "./surroundings.ts";

interface StartFlags extends Record<string, string | boolean | undefined> {
  role: string;
  listRoles?: boolean;
  checkConfig?: boolean;
  demo?: boolean;
  watch?: boolean;
}

export function registerStart(program: Command, surroundings: Surroundings, finish: (code: number) => void): void {
  const { environment, out } = surroundings;
  withSettings(program.command("start", { isDefault: true }))
    .description("run one or more roles (the default command)")
    .option("--role <list>", `${ROLES.join(", ")}, a comma list of them, or all`, environment.ROLE || "all")
    .option("--list-roles", "print the roles and exit")
    .option("--check-config", "check the configuration and exit")
    .option("--demo", "make the demo shop when it is missing and print how to use it (embedded mode)")
    .option("--watch", "load an engine of the plugin folder anew when a file of it is saved (for authors)")
    .action(async (flags: StartFlags) => {
      if (flags.listRoles) {
        out(ROLES.join("\n"));
        return;
      }
      const config = { ...readConfig(flags.role, givenFlags(flags), environment), watch: flags.watch === true };
      if (flags.demo && config.parts.kind !== "embedded") {
        throw new ConfigError(["--demo is for embedded mode: leave DATABASE_URL and REDIS_URL out"]);
      }
      if (flags.checkConfig) {
        out(`configuration is fine: ${config.roles.join(", ")}, ${config.parts.kind}, port ${config.port}`);
        return;
      }
      await serve(config, flags.demo === true, surroundings);
      finish(0);
    });
}

async function demoShop(data_dir: string, out: (line: string) => void) {
  const { DemoShop } = await import("./demo-shop.ts");
  return new DemoShop(data_dir, out);
}

/** Runs until a signal asks to stop. */
async function serve(config: Config, demo: boolean, { out }: Surroundings): Promise<void> {
  const log = await createLog(config.log_level);
  const shop = demo && config.parts.kind === "embedded" ? await demoShop(config.parts.data_dir, out) : undefined;
  shop?.greet();
  if (config.parts.kind === "embedded") {
    log.info(
      { data: config.parts.data_dir },
      "no DATABASE_URL and REDIS_URL: running embedded, for trying out on one machine; data stays in this folder",
    );
  }
  const composition = await compose(config, log);
  let running: Running;
  let people: DemoPeople | undefined;
  try {
    people = await shop?.prepare(composition);
    running = await run({
      roles: composition.roles,
      app: composition.app,
      host: config.host,
      port: config.port,
      readiness: composition.parts.readiness,
      log,
      drain_ms: config.parts.kind === "embedded" ? 0 : config.drain_seconds * 1000,
      deadline_ms: config.shutdown_seconds * 1000,
      close: composition.close,
    });
  } catch (error) {
    await composition.close();
    throw error;
  }
  if (people) await shop?.announce(composition, running.server.url, people);
  const signal = await stopRequested();
  log.info({ signal }, "asked to stop");
  await running.stop();
}
