import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { stat } from "node:fs/promises";
import { join } from "node:path";
import { temporaryFolder } from "../harness/folder.ts";
import { freePort } from "../harness/ports.ts";
import { type Program, SOURCE, startProgram } from "../harness/program.ts";
import { walkThePath } from "./path.ts";

describe("with nothing installed: everything in one process", () => {
  let program: Program;
  let folder: string;
  let url: string;
  beforeAll(async () => {
    folder = await temporaryFolder("embedded");
    const port = await freePort();
    url = `http://localhost:${port}`;
    program = startProgram({
      command: SOURCE,
      args: ["start", "--role", "all", "--demo", "--data", folder, "--vertical-port", String(port)],
    });
    await program.line("engines/stock/alerts", { timeout: 280_000 });
  }, 300_000);
  afterAll(() => program.stop());

  test("it says that it runs embedded and where its data is", () => {
    expect(program.output).toContain("running embedded");
    expect(program.output).toContain(`${url}/docs`);
  });

  test("the three lines it prints can be pasted, and work", async () => {
    const lines = program.lines.filter((line) => /^(TOKEN=|curl )/.test(line));
    expect(lines).toHaveLength(3);
    const shell = Bun.spawn(["bash", "-euc", lines.join("\necho\n")], { stdout: "pipe", stderr: "inherit" });
    const [products, alerts] = (await new Response(shell.stdout).text()).split("\n").filter((line) => line !== "");
    expect(JSON.parse(products ?? "").items.length).toBeGreaterThan(0);
    const kinds = new Set(JSON.parse(alerts ?? "").items.map(({ kind }: { kind: string }) => kind));
    expect(kinds).toEqual(new Set(["rupture", "excess"]));
  });

  test("an order becomes an alert", async () => {
    const [, email = "", password = ""] = /(seller@\S+)\s+password (\S+)/.exec(program.output) ?? [];
    await walkThePath({ url, slug: "demo", email, password });
  });

  test("its generated secret is for its owner only", async () => {
    const { mode } = await stat(join(folder, "secret_key"));
    expect(mode & 0o777).toBe(0o600);
  });

  test("a second process does not touch its data", async () => {
    const second = startProgram({
      command: SOURCE,
      args: ["start", "--role", "all", "--data", folder],
    });
    const { code, output } = await second.exited;
    expect({ code, output }).toEqual({ code: 1, output: expect.stringContaining("works with the data in") });
  });

  test("SIGTERM ends it with code 0", async () => {
    expect(await program.stop()).toBe(0);
  });
});
