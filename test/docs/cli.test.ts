import { expect, test } from "bun:test";
import { chmod } from "node:fs/promises";
import { join } from "node:path";
import { EXIT, runProgram } from "../../src/cli/program.ts";
import { SETTINGS } from "../../src/config/settings.ts";
import { temporaryFolder } from "../harness/folder.ts";

const ROOT = join(import.meta.dir, "../..");
const PAGE = await Bun.file(join(ROOT, "docs/cli.md")).text();
const ROWS = new Map(
  [...PAGE.matchAll(/^\| `(.+?)` \| (.+?) \| (.*?) ?\|$/gm)].map(([row, command = ""]) => [command, row] as const),
);

async function run(argv: string[]): Promise<{ code: number; text: string }> {
  const lines: string[] = [];
  const print = (line: string) => void lines.push(line);
  const code = await runProgram(argv, { environment: {}, input: async () => "", out: print, error: print });
  return { code, text: lines.join("\n") };
}

/** The commands that do something, as the help names them with their arguments, and their help. */
async function commandsOf(path: string[]): Promise<Map<string, string>> {
  const { code, text } = await run([...path, "--help"]);
  expect(code).toBe(EXIT.done);
  const names = [...(text.split("\nCommands:\n")[1] ?? "").matchAll(/^ {2}([a-z-]+)/gm)].map(([, name = ""]) => name);
  const below = names.filter((name) => name !== "help");
  if (below.length === 0) {
    const usage = /^Usage: basecommerce (.*)$/m.exec(text)?.[1] ?? "";
    return new Map([[usage.replace(" [options]", ""), text]]);
  }
  const all = await Promise.all(below.map((name) => commandsOf([...path, name])));
  return new Map(all.flatMap((commands) => [...commands]));
}

const commands = await commandsOf([]);

test("the page names every command of the program with its arguments, and no other", () => {
  expect(commands.size).toBeGreaterThan(30);
  expect([...ROWS.keys()].sort()).toEqual([...commands.keys()].sort());
});

test.each([...commands])("%s has the flags and reads the settings that the page says", (command, help) => {
  const row = ROWS.get(command) ?? "";
  for (const [, flag = ""] of row.matchAll(/`(--[a-z-]+)`/g)) expect(help).toContain(`  ${flag} `);
  const settings = Object.values(SETTINGS).map(({ env }) => env as string);
  for (const [, name = ""] of row.matchAll(/`([A-Z_]{5,})`/g)) {
    expect(settings).toContain(name);
    expect(help).toContain(`[${name}`);
  }
});

test("a command line that is wrong ends every command with 2", async () => {
  for (const command of commands.keys()) {
    const words = command.split(" ").filter((word) => /^[a-z-]+$/.test(word));
    expect({ command, code: (await run([...words, "--nonsense"])).code }).toEqual({ command, code: EXIT.usage });
  }
});

test("the page's codes are those of the program's help", async () => {
  const codes = [...PAGE.matchAll(/^\| (\d) \| /gm)].map(([, code]) => Number(code));
  expect(codes).toEqual(Object.values(EXIT));
  const said = /^Exit codes: (.*)$/m.exec((await run(["--help"])).text)?.[1] ?? "";
  expect([...said.matchAll(/\b\d\b/g)].map(([code]) => Number(code))).toEqual(codes);
});

test("the page's line for a shell's start file works in it", async () => {
  const folder = await temporaryFolder("bin");
  const program = join(folder, "basecommerce");
  await Bun.write(program, `#!/bin/sh\nexec '${process.execPath}' '${ROOT}/src/main.ts' "$@"\n`);
  await chmod(program, 0o755);
  const lines = [...PAGE.matchAll(/^```sh\n(.*?)^```$/gms)].map(([, text = ""]) => text).join("");
  const bash = Bun.spawnSync(["bash", "-c", `set -u\n${lines}complete -p basecommerce`], {
    env: { ...process.env, PATH: `${folder}:${process.env.PATH}` },
  });
  expect(bash.stderr.toString()).toBe("");
  expect(bash.stdout.toString()).toContain("-F _basecommerce basecommerce");
});
