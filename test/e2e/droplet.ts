import { chmod, copyFile, mkdir } from "node:fs/promises";
import { join } from "node:path";
import { unprivilegedAccount } from "../harness/account.ts";
import { buildProgram } from "../harness/build.ts";
import { temporaryFolder } from "../harness/folder.ts";
import { PROGRAM } from "../harness/program.ts";
import type { Launch } from "./platform.ts";

/** Puts the binary into an empty folder where nothing of the repository is; `fill` puts engines into its plugin folder. */
export async function deploy(fill: (plugins: string) => Promise<void>): Promise<Launch> {
  const folder = await temporaryFolder("droplet");
  const binary = join(folder, "basecommerce");
  const [built, ...rest] = PROGRAM;
  if (built === undefined || rest.length > 0) await buildProgram(binary);
  else await copyFile(built, binary);
  await chmod(binary, 0o755);
  const plugins = join(folder, "plugins");
  await mkdir(plugins);
  await fill(plugins);
  const user = process.getuid?.() === 0 ? unprivilegedAccount(["nobody"])?.name : undefined;
  return { command: [binary], cwd: folder, plugins, ...(user && { user }) };
}
