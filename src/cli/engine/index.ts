import type { Command } from "commander";
import type { Surroundings } from "../surroundings.ts";
import { registerCheck } from "./check.ts";
import { registerDead } from "./dead.ts";
import { registerInstall } from "./install.ts";
import { registerList } from "./list.ts";
import { registerNew } from "./new.ts";
import { registerRemove } from "./remove.ts";
import { registerReplay } from "./replay.ts";
import { registerSwitch } from "./switch.ts";

/** `basecommerce engine …`. */
export function registerEngine(program: Command, surroundings: Surroundings): void {
  const engine = program
    .command("engine")
    .description("engines: new, check, install, list, enable, disable, dead events, replay, remove");
  registerNew(engine, surroundings);
  registerCheck(engine, surroundings);
  registerInstall(engine, surroundings);
  registerList(engine, surroundings);
  registerSwitch(engine, surroundings);
  registerDead(engine, surroundings);
  registerReplay(engine, surroundings);
  registerRemove(engine, surroundings);
}
