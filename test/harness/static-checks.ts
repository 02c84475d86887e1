import { join } from "node:path";
import { Child } from "./child.ts";
import { whenDone } from "./cleanup.ts";
import { Lines } from "./lines.ts";

const REPOSITORY = join(import.meta.dir, "../..");

/** Each a program of node_modules/, run by Bun: where there is no Node.js their first lines would find no interpreter. */
const CHECKS = {
  types: ["typescript/bin/tsc", "-p", ".", "--pretty", "false"],
  "lint and format": ["@biomejs/biome/bin/biome", "ci", "--colors=off"],
  "unused code": ["knip/bin/knip.js", "--no-progress"],
};

export interface CheckResult {
  name: string;
  passed: boolean;
  seconds: number;
  output: string;
}

/** Runs the static checks one after the other, as each takes all processors it can get; tells each result as it comes. */
export async function runStaticChecks(tell: (result: CheckResult) => void): Promise<CheckResult[]> {
  const results: CheckResult[] = [];
  for (const [name, [program = "", ...args]] of Object.entries(CHECKS)) {
    const start = performance.now();
    const child = new Child({
      command: [process.execPath, join(REPOSITORY, "node_modules", program), ...args],
      cwd: REPOSITORY,
      env: { ...process.env, NO_COLOR: "1" },
      output: "pipe",
    });
    const stop = whenDone(async () => {
      await child.kill();
    });
    const lines = new Lines();
    await Promise.all([lines.read(child.stdout), lines.read(child.stderr)]);
    const { code } = await child.exited;
    await stop();
    const seconds = (performance.now() - start) / 1000;
    const result = { name, passed: code === 0, seconds, output: lines.all.join("\n") };
    tell(result);
    results.push(result);
  }
  return results;
}
