import { chmod, mkdir } from "node:fs/promises";
import { join } from "node:path";
import { unprivilegedAccount } from "../harness/account.ts";
import { temporaryFolder } from "../harness/folder.ts";
import type { Launch } from "./platform.ts";

const REPOSITORY = join(import.meta.dir, "../..");

/** Builds the binary into an empty folder where nothing of the repository is; `fill` puts engines into its plugin folder. */
export async function deploy(fill: (plugins: string) => Promise<void>): Promise<Launch> {
  const folder = await temporaryFolder("droplet");
  const binary = join(folder, "basecommerce");
  const build = Bun.spawn([process.execPath, "infra/dev/build.ts", binary], {
    cwd: REPOSITORY,
    stdout: "ignore",
    stderr: "pipe",
  });
  const complaint = await new Response(build.stderr).text();
  if ((await build.exited) !== 0) throw new Error(`the build failed: ${complaint}`);
  await chmod(binary, 0o755);
  const plugins = join(folder, "plugins");
  await mkdir(plugins);
  await fill(plugins);
  const user = process.getuid?.() === 0 ? unprivilegedAccount(["nobody"])?.name : undefined;
  return { command: [binary], cwd: folder, plugins, ...(user && { user }) };
}
