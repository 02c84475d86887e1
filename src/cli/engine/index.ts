import type { Command } from "commander";
import type { Surroundings } from "../surroundings.ts";
import { registerDead } from "./dead.ts";
import { registerInstall } from "./install.ts";
import { registerList } from "./list.ts";
import { registerReplay } from "./replay.ts";

/** `basecommerce engine …`. */
export function registerEngine(program: Command, surroundings: Surroundings): void {
  const engine = program.command("engine").description("engines: install, list, show, dead events, replay");
  registerInstall(engine, surroundings);
  registerList(engine, surroundings);
  registerDead(engine, surroundings);
  registerReplay(engine, surroundings);
}
