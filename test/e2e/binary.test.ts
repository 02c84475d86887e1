import { beforeAll, describe, expect, test } from "bun:test";
import { readdir } from "node:fs/promises";
import { dirname, join } from "node:path";
import { SDK_VERSION } from "../../src/sdk/version.ts";
import { PROGRAM, startProgram } from "../harness/program.ts";
import { deploy } from "./droplet.ts";
import { ShopClient } from "./path.ts";
import { type Launch, type Platform, shopWith, startPlatform } from "./platform.ts";
import { BROKEN, GREETER, GREETING, threeProcesses } from "./three-processes.ts";

/** Drop-in engines beside the binary: one of two files, one that does not load. */
async function writePlugins(plugins: string): Promise<void> {
  await Bun.write(join(plugins, "greeter/engine.ts"), GREETER);
  await Bun.write(join(plugins, "greeter/greeting.ts"), GREETING);
  await Bun.write(join(plugins, "broken/engine.ts"), BROKEN);
}

describe("the compiled binary, alone in a folder, as a user without rights, three processes", () => {
  let launch: Launch;
  let platform: Platform;
  beforeAll(async () => {
    launch = await deploy(writePlugins);
    platform = await startPlatform(launch, [join(launch.plugins, "greeter")]);
  }, 120_000);

  test("it says what it is", async () => {
    const { code, output } = await startProgram({ ...launch, args: ["--version"] }).exited;
    expect({ code, output }).toEqual({ code: 0, output: expect.stringMatching(/^\d+\.\d+\.\d+$/) });
  });

  test("an author needs nothing else: a new engine comes with the package it is written with", async () => {
    const { command, cwd } = launch;
    const made = await startProgram({ command, cwd, args: ["engine", "new", "mine", "--dir", "written"] }).exited;
    const [, archive = ""] = /bun add --dev \.\/(\S+\.tgz) && bun test/.exec(made.output) ?? [];
    expect({ ...made, archive }).toMatchObject({ code: 0, archive: `basecommerce-engine-${SDK_VERSION}.tgz` });
    const file = join(cwd ?? "", "written/mine", archive);
    const manifest = await Bun.$`tar -xzOf ${file} package/package.json`.json();
    expect(manifest).toMatchObject({ name: "@basecommerce/engine", version: SDK_VERSION });
  });

  test("it was built with nothing beside it, and names its sources where something fails", async () => {
    const [built = ""] = PROGRAM.length === 1 ? PROGRAM : launch.command;
    const left = (await readdir(dirname(built))).filter((name) => name.endsWith(".map") || name.startsWith(".build-"));
    expect(left).toEqual([]);
    const client = new ShopClient(await shopWith(platform, "named", "admin"));
    await client.login();
    await client.get("/api/v1/engines/broken/x", 503);
    const line = await platform.programs.engines.line('"request failed"');
    expect(line).toMatch(/ at \w+ \(src\/engine-host\/worker-engine\.ts:\d+:\d+\)/);
  });

  threeProcesses(() => platform);
});
