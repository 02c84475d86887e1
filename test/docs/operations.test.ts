import { beforeAll, describe, expect, test } from "bun:test";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { SETTINGS } from "../../src/config/settings.ts";
import { deploy } from "../e2e/droplet.ts";
import { onMachine } from "../infra/droplet/machine.ts";

const ROOT = join(import.meta.dir, "../..");
const PAGE = await Bun.file(join(ROOT, "docs/operations.md")).text();

/** The commands of each section, in order. */
function commands(): Map<string, string> {
  const sections = PAGE.split(/^## /m).slice(1);
  const fences = (text: string) => [...text.matchAll(/^( *)```sh\n(.*?)^ *```$/gms)].map(([, , lines = ""]) => lines);
  return new Map(sections.map((text) => [text.slice(0, text.indexOf("\n")), fences(text).join("")]));
}

test("every file, setting and page that operations.md names is there", async () => {
  const paths = [...PAGE.matchAll(/`((?:infra|docs)\/[\w./@-]+)`/g)].map(([, path = ""]) => path);
  expect(paths.length).toBeGreaterThan(4);
  expect(paths.filter((path) => !existsSync(join(ROOT, path)))).toEqual([]);
  for (const [, page = ""] of PAGE.matchAll(/\]\(([\w-]+\.md)/g))
    expect(existsSync(join(ROOT, "docs", page))).toBe(true);
  // The last is the runtime's own.
  const others = ["BACKUP_DIR", "AFTER_BACKUP", "NODE_EXTRA_CA_CERTS"];
  const known = [...Object.values(SETTINGS).map(({ env }) => env as string), ...others];
  const example = await Bun.file(join(ROOT, "infra/droplet/droplet.env.example")).text();
  for (const [, name = ""] of PAGE.matchAll(/`([A-Z]+(?:_[A-Z]+)+)(?:=[^`]*)?`/g)) {
    expect(known.includes(name) || example.includes(`${name}=`), name).toBe(true);
  }
});

/** What the program's sources log as a warning or an error: its first piece where it is made of several. */
async function complaints(): Promise<string[]> {
  const found: string[] = [];
  for await (const path of new Bun.Glob("src/**/*.ts").scan(ROOT)) {
    const source = await Bun.file(join(ROOT, path)).text();
    for (const [call] of source.matchAll(/\blog\.(?:warn|error|fatal)\([\s\S]*?\)[;,]?\s*\n/g)) {
      const message = /"([^"]+)"(?:\s*\+\s*"[^"]*")*[,\s);]*$/.exec(call)?.[1];
      if (message !== undefined) found.push(message);
    }
  }
  return found;
}

test("every warning and error of the log stands on the page, and no other", async () => {
  const section = PAGE.split("## Lines of the log")[1] ?? "";
  const cells = [...section.matchAll(/^\| (`.*?`) \|/gm)].flatMap(([, cell = ""]) => cell.slice(1, -1).split("`, `"));
  const told = cells.filter((cell) => cell !== "msg");
  const logged = await complaints();
  expect(logged.length).toBeGreaterThan(25);
  expect(logged.filter((message) => !told.some((start) => message.startsWith(start)))).toEqual([]);
  expect(told.filter((start) => !logged.some((message) => message.startsWith(start)))).toEqual([]);
});

describe.skipIf(process.getuid?.() !== 0)("the page's commands, on a copy of this machine as one droplet", () => {
  let output: string;
  const part = (title: string) => output.split(`== ${title}\n`)[1]?.split("\n== ")[0] ?? "";

  beforeAll(async () => {
    const { command } = await deploy(async () => undefined);
    const script = [...commands()].map(([title, lines]) => `echo '== ${title}'\n${lines}`).join("\n");
    const edge =
      "curl -sf --retry 50 --retry-all-errors --retry-delay 1 http://127.0.0.1/health -H 'Host: casa.shops.example.org'";
    const run = `set -eu; exec 2>&1; cd /tmp/project; rm droplet.env\n${script}\necho '== end'; ${edge}`;
    const outcome = await onMachine(run, {}, command[0]);
    output = outcome.output;
    expect(outcome).toEqual({ code: 0, output: expect.stringContaining("== end") });
  }, 180_000);

  test("make a shop that answers through the edge", () => {
    const text = part("A shop in ten minutes");
    for (const said of ["make the logins", "enable nginx", "password: ", "LEDGER HEAD"]) expect(text).toContain(said);
  });

  test("upgrade, back up, restore, and verify", () => {
    expect(part("Upgrades without downtime")).toContain("nothing to migrate");
    expect(part("Backup").match(/\d{8}T\d{6}Z/g)).toHaveLength(2);
    expect(part("What the ledger keeps")).toContain("EVENT_RETENTION_DAYS is 0");
    expect(part("Restore")).toContain("restored: 1 shop(s)");
    expect(part("After a restore")).toContain("RELAY");
    expect(part("end")).toBe('{"status":"ok"}');
  });
});
