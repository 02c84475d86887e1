import { join } from "node:path";

const REPOSITORY = join(import.meta.dir, "../..");

/** Builds the program into the file `path`, which is returned. */
export async function buildProgram(path: string): Promise<string> {
  const build = Bun.spawn([process.execPath, "infra/dev/build.ts", path], {
    cwd: REPOSITORY,
    stdout: "ignore",
    stderr: "pipe",
  });
  const complaint = await new Response(build.stderr).text();
  if ((await build.exited) !== 0) throw new Error(`the build failed: ${complaint}`);
  return path;
}
