import { cp } from "node:fs/promises";
import { dirname, join } from "node:path";
import { bindCommand, unprivilegedAccount } from "../../harness/account.ts";
import { temporaryFolder } from "../../harness/folder.ts";
import { programPath } from "../../harness/packages.ts";

let copied: Promise<string> | undefined;

/** A copy of infra/backup: the account PostgreSQL runs under may not be able to read the repository. */
export function scripts(): Promise<string> {
  copied ??= temporaryFolder("scripts").then(async (folder) => {
    await cp(join(import.meta.dir, "../../../infra/backup"), folder, { recursive: true });
    return folder;
  });
  return copied;
}

/** Runs one of them with the programs of the PostgreSQL that the tests use, under the account that server runs under. */
export async function runScript(
  name: string,
  args: readonly string[],
  env: Record<string, string>,
): Promise<{ code: number; output: string }> {
  const command = ["sh", join(await scripts(), name), ...args];
  const { PATH = "" } = process.env;
  const child = Bun.spawn(bindCommand(command, unprivilegedAccount(["postgres", "nobody"]), "KILL"), {
    cwd: "/",
    env: { PATH: `${dirname(await programPath("pg_dump"))}:${PATH}`, HOME: "/nonexistent", ...env },
    stdin: "ignore",
    stdout: "pipe",
    stderr: "pipe",
  });
  const [out, complaint] = await Promise.all([new Response(child.stdout).text(), new Response(child.stderr).text()]);
  return { code: await child.exited, output: (out + complaint).trim() };
}

/** A folder that the account PostgreSQL runs under may write to. */
export async function writableFolder(name: string): Promise<string> {
  const folder = await temporaryFolder(name);
  const account = unprivilegedAccount(["postgres", "nobody"]);
  if (account) await Bun.$`chown ${account.uid}:${account.gid} ${folder}`.quiet();
  return folder;
}
