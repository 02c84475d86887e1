import { beforeAll, describe } from "bun:test";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { temporaryFolder } from "../harness/folder.ts";
import { SOURCE } from "../harness/program.ts";
import { type Platform, startPlatform } from "./platform.ts";
import { BROKEN, GREETER, GREETING, threeProcesses } from "./three-processes.ts";

describe("bun src/main.ts, three processes", () => {
  let platform: Platform;
  beforeAll(async () => {
    const plugins = await temporaryFolder("plugins");
    await mkdir(join(plugins, "greeter"));
    await Bun.write(join(plugins, "greeter/engine.ts"), GREETER);
    await Bun.write(join(plugins, "greeter/greeting.ts"), GREETING);
    await Bun.write(join(plugins, "broken/engine.ts"), BROKEN);
    platform = await startPlatform({ command: SOURCE, plugins }, [join(plugins, "greeter")]);
  }, 60_000);
  threeProcesses(() => platform);
});
