import { Command, CommanderError } from "commander";
import { version } from "../../package.json" with { type: "json" };
import { ConfigError } from "../config/config.ts";
import { Problem } from "../platform/http/problem.ts";
import { explain } from "./failure.ts";
import { OutputClosed } from "./output.ts";
import type { Register, Surroundings } from "./surroundings.ts";

/** Exit codes: 0 done, 1 something failed, 2 the command line or the configuration is wrong. */
export const EXIT = { done: 0, failed: 1, usage: 2 } as const;

/** Every command, in the order of the help. Loaded by name: a process that starts does not pay for the others. */
const COMMANDS: Readonly<Record<string, () => Promise<Register>>> = {
  start: async () => (await import("./start.ts")).registerStart,
  migrate: async () => (await import("./migrate-command.ts")).registerMigrate,
  tenant: async () => (await import("./tenant.ts")).registerTenant,
  user: async () => (await import("./user.ts")).registerUser,
  demo: async () => (await import("./demo.ts")).registerDemo,
  engine: async () => (await import("./engine/index.ts")).registerEngine,
  event: async () => (await import("./event/index.ts")).registerEvent,
  status: async () => (await import("./status.ts")).registerStatus,
  verify: async () => (await import("./verify.ts")).registerVerify,
  smoke: async () => (await import("./smoke/index.ts")).registerSmoke,
  health: async () => (await import("./health.ts")).registerHealth,
  completion: async () => (await import("./completion.ts")).registerCompletion,
};

/** What the command line names, and everything where the help could be asked for. */
async function registrations(argv: readonly string[]): Promise<Register[]> {
  const asked = argv.some((word) => ["--help", "-h", "--version", "-V", "help", "completion"].includes(word));
  const [first = "start"] = argv;
  const named = COMMANDS[first.startsWith("-") ? "start" : first];
  return await Promise.all(named && !asked ? [named()] : Object.values(COMMANDS).map((load) => load()));
}

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
    .addHelpText(
      "after",
      "\nExit codes: 0 done, 1 something failed or does not agree, 2 the command line or the configuration is wrong",
    )
    .showHelpAfterError("(basecommerce --help shows what there is)");
  const finish = (given: number) => {
    code = given;
  };
  for (const register of await registrations(argv)) register(program, surroundings, finish);
  for (const command of program.commands) command.copyInheritedSettings(program);
  try {
    await program.parseAsync([...argv], { from: "user" });
    return code;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.done : EXIT.usage;
    if (error instanceof OutputClosed) return EXIT.failed;
    surroundings.error(`basecommerce: ${explain(error)}`);
    const usage = error instanceof ConfigError || (error instanceof Problem && error.status === 422);
    return usage ? EXIT.usage : EXIT.failed;
  }
}
