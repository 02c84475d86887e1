import { Command, CommanderError } from "commander";
import { version } from "../../package.json" with { type: "json" };
import { ConfigError } from "../config/config.ts";
import { Problem } from "../platform/http/problem.ts";
import { registerDemo } from "./demo.ts";
import { registerEngine } from "./engine/index.ts";
import { registerEvent } from "./event/index.ts";
import { explain } from "./failure.ts";
import { registerHealth } from "./health.ts";
import { registerMigrate } from "./migrate-command.ts";
import { registerStart } from "./start.ts";
import { registerStatus } from "./status.ts";
import type { Surroundings } from "./surroundings.ts";
import { registerTenant } from "./tenant.ts";
import { registerUser } from "./user.ts";

/** Exit codes: 0 done, 1 something failed, 2 the command line or the configuration is wrong. */
export const EXIT = { done: 0, failed: 1, usage: 2 } as const;

/** Runs one command line; returns the exit code. */
export async function runProgram(argv: readonly string[], surroundings: Surroundings): Promise<number> {
  let code: number = EXIT.done;
  const program = new Command("basecommerce")
    .description("Multi-tenant commerce for the shops of a trade: one binary, run with --role on each droplet")
    .version(version)
    .exitOverride()
    .configureOutput({
      writeOut: (text) => surroundings.out(text.trimEnd()),
      writeErr: (text) => surroundings.error(text.trimEnd()),
    })
    .showHelpAfterError("(basecommerce --help shows what there is)");
  const finish = (given: number) => {
    code = given;
  };
  registerStart(program, surroundings, finish);
  registerMigrate(program, surroundings);
  registerTenant(program, surroundings);
  registerUser(program, surroundings);
  registerDemo(program, surroundings);
  registerEngine(program, surroundings);
  registerEvent(program, surroundings);
  registerStatus(program, surroundings);
  registerHealth(program, surroundings, finish);
  for (const command of program.commands) command.copyInheritedSettings(program);
  try {
    await program.parseAsync([...argv], { from: "user" });
    return code;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.done : EXIT.usage;
    surroundings.error(`basecommerce: ${explain(error)}`);
    const usage = error instanceof ConfigError || (error instanceof Problem && error.status === 422);
    return usage ? EXIT.usage : EXIT.failed;
  }
}
