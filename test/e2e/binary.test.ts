import { beforeAll, describe, expect, test } from "bun:test";
import { chmod, copyFile, mkdir } from "node:fs/promises";
import { join } from "node:path";
import { unprivilegedAccount } from "../harness/account.ts";
import { temporaryFolder } from "../harness/folder.ts";
import { startProgram } from "../harness/program.ts";
import { type Launch, type Platform, startPlatform } from "./platform.ts";
import { BROKEN, GREETER, GREETING, threeProcesses } from "./three-processes.ts";

const REPOSITORY = join(import.meta.dir, "../..");

/** Builds the binary into an empty folder where nothing of the repository is, with drop-in engines beside it. */
async function deploy(): Promise<Launch> {
  const folder = await temporaryFolder("droplet");
  const build = Bun.spawn([process.execPath, "infra/dev/build.ts"], {
    cwd: REPOSITORY,
    stdout: "ignore",
    stderr: "pipe",
  });
  const complaint = await new Response(build.stderr).text();
  if ((await build.exited) !== 0) throw new Error(`the build failed: ${complaint}`);
  await copyFile(join(REPOSITORY, "dist/basecommerce"), join(folder, "basecommerce"));
  await chmod(join(folder, "basecommerce"), 0o755);
  await mkdir(join(folder, "plugins/greeter"), { recursive: true });
  await Bun.write(join(folder, "plugins/greeter/engine.ts"), GREETER);
  await Bun.write(join(folder, "plugins/greeter/greeting.ts"), GREETING);
  await Bun.write(join(folder, "plugins/broken/engine.ts"), BROKEN);
  const user = process.getuid?.() === 0 ? unprivilegedAccount(["nobody"])?.name : undefined;
  return {
    command: [join(folder, "basecommerce")],
    cwd: folder,
    plugins: join(folder, "plugins"),
    ...(user && { user }),
  };
}

describe("the compiled binary, alone in a folder, as a user without rights, three processes", () => {
  let launch: Launch;
  let platform: Platform;
  beforeAll(async () => {
    launch = await deploy();
    platform = await startPlatform(launch, [join(launch.plugins, "greeter")]);
  }, 120_000);

  test("it says what it is", async () => {
    const { code, output } = await startProgram({ ...launch, args: ["--version"] }).exited;
    expect({ code, output }).toEqual({ code: 0, output: expect.stringMatching(/^\d+\.\d+\.\d+$/) });
  });

  threeProcesses(() => platform);
});
