import { expect, test } from "bun:test";
import { join } from "node:path";
import { runProgram } from "../../src/cli/program.ts";
import { temporaryFolder } from "../harness/folder.ts";

async function script(shell: string): Promise<string> {
  const lines: string[] = [];
  const print = (line: string) => void lines.push(line);
  await runProgram(["completion", shell], { environment: {}, input: async () => "", out: print, error: print });
  return lines.join("\n");
}

/** What bash offers for the last word of each line. */
async function offered(lines: readonly string[]): Promise<string[][]> {
  const tries = lines.map(
    (line) => `COMP_WORDS=(${line}); COMP_CWORD=$((\${#COMP_WORDS[@]} - 1)); _basecommerce; echo "\${COMPREPLY[*]}"`,
  );
  const said = Bun.spawnSync(["bash", "-u", "-c", `${await script("bash")}\n${tries.join("\n")}`]);
  expect(said.stderr.toString()).toBe("");
  return said.stdout
    .toString()
    .replace(/\n$/, "")
    .split("\n")
    .map((line) => line.split(" ").filter(Boolean));
}

test("bash completes commands, their sub-commands and flags, whatever values stand between", async () => {
  const [all, beginning, sub, flag, below, flags, unknown] = await offered([
    'basecommerce ""',
    "basecommerce st",
    "basecommerce tenant su",
    "basecommerce tenant create --slug list --na",
    'basecommerce engine dead ""',
    "basecommerce tenant delete casa --",
    "basecommerce tenant nonsense",
  ]);
  expect(all).toEqual(expect.arrayContaining(["start", "tenant", "smoke", "completion", "--help"]));
  expect(beginning).toEqual(["start", "status"]);
  expect(sub).toEqual(["suspend"]);
  expect(flag).toEqual(["--name"]);
  expect(below).toEqual(expect.arrayContaining(["list", "show", "retry", "drop"]));
  expect(flags).toEqual(expect.arrayContaining(["--yes", "--redis-url", "--database-url"]));
  expect(unknown).toEqual([]);
});

/** bash is everywhere; the others' scripts are read by those that are there. */
const SHELLS = ["bash", "zsh", "fish"].filter((shell) => Bun.which(shell) !== null);

test.each(SHELLS)("the script for %s is one it can read", async (shell) => {
  const file = join(await temporaryFolder("completion"), `script.${shell}`);
  await Bun.write(file, await script(shell));
  const read = Bun.spawnSync([shell, "-n", file]);
  expect({ code: read.exitCode, said: read.stderr.toString() }).toEqual({ code: 0, said: "" });
});

test("another shell is refused", async () => {
  const error: string[] = [];
  const surroundings = { environment: {}, input: async () => "", out: () => undefined };
  const code = await runProgram(["completion", "csh"], { ...surroundings, error: (line) => error.push(line) });
  expect({ code, error: error.join("\n") }).toEqual({ code: 2, error: expect.stringContaining("bash, zsh, fish") });
});
