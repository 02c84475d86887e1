import { existsSync } from "node:fs";
import { join } from "node:path";
import { runProgram } from "../../src/cli/program.ts";
import type { Platform } from "../e2e/platform.ts";
import { programPath } from "../harness/packages.ts";

const UNITS = join(import.meta.dir, "../../infra/systemd");
const PORTS = { 8000: "vertical", 8001: "relay", 8002: "engines" } as const;

interface Ran {
  command: string;
  code: number;
  out: string;
}

/** Runs the commands of a page's `sh` blocks, each once, against the platform; systemd's are only looked at. */
export async function runbookCommands(page: string, platform: Platform): Promise<Ran[]> {
  const blocks = [...(await Bun.file(page).text()).matchAll(/^```sh\n(.*?)^```/gms)].map(([, text]) => text ?? "");
  const commands = [...new Set(blocks.flatMap((text) => text.split("\n").filter((line) => line !== "")))];
  const ran: Ran[] = [];
  for (const command of commands) ran.push({ command, ...(await run(command, platform)) });
  return ran;
}

async function run(command: string, platform: Platform): Promise<Omit<Ran, "command">> {
  if (command.startsWith("basecommerce ")) return await runOwn(command.split(" ").slice(1), platform);
  if (/^(systemctl|journalctl) /.test(command)) return unitOf(command);
  let text = command;
  for (const [port, role] of Object.entries(PORTS)) {
    text = text.replaceAll(`127.0.0.1:${port}/`, `127.0.0.1:${platform.ports[role]}/`);
  }
  const psql = await programPath("psql");
  const child = Bun.spawn(["sh", "-c", text], {
    env: { PATH: `${process.env.PATH}:${join(psql, "..")}`, DATABASE_URL: platform.database.urls.owner },
    stdout: "pipe",
    stderr: "pipe",
  });
  const [out, complaint] = await Promise.all([new Response(child.stdout).text(), new Response(child.stderr).text()]);
  return { code: await child.exited, out: out || complaint };
}

/** Runs a command of the program in this process, with the owner's login. */
export async function runOwn(argv: string[], { database, redis }: Platform): Promise<Omit<Ran, "command">> {
  const lines: string[] = [];
  const print = (line: string) => void lines.push(line);
  const environment = { DATABASE_URL: database.urls.owner, REDIS_URL: redis.url };
  const code = await runProgram(argv, { environment, input: async () => "", out: print, error: print });
  return { code, out: lines.join("\n") };
}

/** A unit that is named must be one that is shipped, for a role that exists. */
function unitOf(command: string): Omit<Ran, "command"> {
  const [, unit, role = ""] = /\b(basecommerce)@(\w+)/.exec(command) ?? [];
  const known = existsSync(join(UNITS, `${unit}@.service`)) && ["vertical", "relay", "engines"].includes(role);
  return { code: known ? 0 : 1, out: command };
}
