import { cp } from "node:fs/promises";
import { join } from "node:path";
import { temporaryFolder } from "../../harness/folder.ts";
import { programPaths } from "../../harness/packages.ts";

const REPOSITORY = join(import.meta.dir, "../../..");

/** Settings of a droplet: all that droplet.env.example names. */
export const SETTINGS: Record<string, string> = {
  SSH_FROM: "203.0.113.0/24 198.51.100.7",
  PRIVATE_ADDRESS: "10.10.0.4",
  DATABASE_ADDRESS: "10.10.0.4",
  EDGE_ADDRESSES: "10.10.0.10",
  VERTICAL_ADDRESSES: "10.10.0.4 10.10.0.13",
  ENGINES_ADDRESSES: "10.10.0.22",
  MONITOR_ADDRESSES: "10.10.0.30",
  BASE_DOMAIN: "shops.example.org",
  POSTGRES_SIZE: "2gb",
  REDIS_MEMORY: "64mb",
  ...Object.fromEntries(
    ["OWNER_PASSWORD", "VERTICAL_PASSWORD", "RELAY_PASSWORD", "ENGINES_PASSWORD", "REDIS_PASSWORD"].map((name, i) => [
      name,
      `${i}abcdefghijklmnopqrstuvwxyz0123456789`,
    ]),
  ),
  SECRET_KEY: "9f2c4e6a8b0d1f3e5c7a9b1d3f5e7c9a0b2d4f6e",
  OPERATOR_TOKEN: "7d0f1b3c5e7a9b2d4f6e8a1c3b5d7f90",
};

export interface Outcome {
  code: number;
  output: string;
}

async function run(command: string[]): Promise<Outcome> {
  const child = Bun.spawn(command, { cwd: "/", stdin: "ignore", stdout: "pipe", stderr: "pipe" });
  const [out, complaint] = await Promise.all([new Response(child.stdout).text(), new Response(child.stderr).text()]);
  return { code: await child.exited, output: (out + complaint).trim() };
}

/** A folder with infra/ as it is shipped, the program or a stand-in for it, and `droplet.env` with these settings. */
async function project(settings: Record<string, string>, binary?: string): Promise<string> {
  const folder = await temporaryFolder("project");
  await cp(join(REPOSITORY, "infra"), join(folder, "infra"), { recursive: true });
  await Bun.write(join(folder, "dist/basecommerce"), binary === undefined ? "#!/bin/sh\n" : Bun.file(binary));
  const lines = Object.entries(settings).map(([name, value]) => `${name}="${value}"\n`);
  await Bun.write(join(folder, "droplet.env"), lines.join(""));
  return folder;
}

/** Runs `script` as root on a copy of this machine; the project is at /tmp/project. See machine.sh. */
export async function onMachine(script: string, settings = SETTINGS, binary?: string): Promise<Outcome> {
  await programPaths(["postgres", "redis-server", "nginx", "nft", "ip"]);
  const [machine, files] = await Promise.all([temporaryFolder("machine"), project(settings, binary)]);
  const namespaces = ["unshare", "--mount", "--net", "--pid", "--fork", "--kill-child", "--propagation", "private"];
  return await run([...namespaces, "sh", join(import.meta.dir, "machine.sh"), machine, files, script]);
}

/** Asks a script what it would do on this machine itself. */
export async function dryRun(name: string, settings = SETTINGS): Promise<Outcome> {
  const folder = await project(settings);
  return await run(["sh", join(folder, `infra/droplet/${name}.sh`), "--dry-run", join(folder, "droplet.env")]);
}
