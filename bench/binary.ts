import { statSync } from "node:fs";
import { join } from "node:path";
import { buildProgram } from "../test/harness/build.ts";

const REPOSITORY = join(import.meta.dir, "..");
const BINARY = join(REPOSITORY, "dist/basecommerce");
const SOURCES = ["src/**/*", "engines/**/*", "package.json", "bun.lock", "infra/dev/build.ts"];

/** Path of the compiled program, built first when it is older than what it is made of. */
export async function binary(say: (line: string) => void): Promise<string> {
  const [newest, built] = [newestSource(), modified(BINARY)];
  if (built < newest) {
    say("building dist/basecommerce");
    await buildProgram(BINARY);
  }
  return BINARY;
}

function newestSource(): number {
  const files = SOURCES.flatMap((pattern) => [...new Bun.Glob(pattern).scanSync({ cwd: REPOSITORY })]);
  return Math.max(...files.map((file) => modified(join(REPOSITORY, file))));
}

function modified(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0;
}
