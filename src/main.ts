import { printLine } from "./cli/output.ts";
import { runProgram } from "./cli/program.ts";

// The entry: argv → a command. Only here is the environment read and the process ended.
const code = await runProgram(process.argv.slice(2), {
  environment: process.env,
  input: () => Bun.stdin.text(),
  out: (line) => printLine(1, line),
  error: (line) => console.error(line),
});
process.exit(code);
