import { expect, test } from "bun:test";
import { statSync } from "node:fs";
import { join } from "node:path";
import { temporaryFolder } from "../../test/harness/folder.ts";
import { freePort } from "../../test/harness/ports.ts";
import { PROGRAM, type Program, startProgram } from "../../test/harness/program.ts";

/** On a machine that is busy with other tests; alone it takes a fifth of that. */
const PATIENCE = 170_000;

function start(folder: string): Program {
  return startProgram({
    command: PROGRAM,
    args: ["start", "--role", "all", "--demo", "--data", folder, "--vertical-port", `${freePort()}`],
  });
}

/** What is to be pasted, as soon as the program has printed it. */
async function announced(program: Program): Promise<string[]> {
  await program.line("/api/v1/engines/stock/alerts", { timeout: PATIENCE });
  return program.lines.filter((line) => /^(TOKEN|curl)/.test(line));
}

/** The lines as a shell runs them; the JSON that each of them wrote. */
async function paste(lines: readonly string[]): Promise<{ items: Record<string, unknown>[] }[]> {
  const shell = Bun.spawn(["sh", "-ec", lines.map((line) => `${line}; echo`).join("\n")], { stdout: "pipe" });
  const text = await new Response(shell.stdout).text();
  return text
    .trim()
    .split("\n")
    .filter(Boolean)
    .map((line) => JSON.parse(line));
}

test(
  "the first start makes a shop and prints what can be pasted; the next one finds it, and passwords when they are lost",
  async () => {
    const folder = join(await temporaryFolder("demo"), "data");
    const first = start(folder);
    const lines = await announced(first);
    expect(lines).toHaveLength(3);
    const [products, alerts] = await paste(lines);
    expect(products?.items.length).toBe(5);
    const active = alerts?.items.filter(({ status }) => status === "active") ?? [];
    expect(new Set(active.map(({ kind }) => kind))).toEqual(new Set(["rupture", "excess"]));
    expect(new Set(active.map(({ risk }) => risk))).toEqual(new Set(["high", "medium", null]));
    const file = join(folder, "demo_shop.json");
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(await first.stop()).toBe(0);

    const second = start(folder);
    const again = await announced(second);
    const login = (line?: string) => line?.replace(/localhost:\d+/, "");
    expect(login(again[0])).toBe(login(lines[0]));
    expect(second.output).not.toContain("First start");
    expect(await second.stop()).toBe(0);

    await Bun.file(file).delete();
    const third = start(folder);
    const renewed = await announced(third);
    expect(login(renewed[0])).not.toBe(login(lines[0]));
    const [found] = await paste(renewed);
    expect(found?.items.length).toBe(5);
    expect(await third.stop()).toBe(0);
  },
  PATIENCE * 2,
);
