import { expect, test } from "bun:test";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { whenDone } from "./cleanup.ts";
import { isAlive } from "./process-tree.ts";
import { until } from "./until.ts";

const TOKEN = "servers: ";

/** Runs a program that starts one server of each kind, says their pids and folders, and ends in the way of `ending`. */
async function leftovers(ending: string): Promise<{ pids: number[]; folder: string; kill: () => void }> {
  const at = (file: string) => JSON.stringify(join(import.meta.dir, file));
  const text = `
    import { startPostgres } from ${at("postgres.ts")};
    import { startRedis } from ${at("redis.ts")};
    import { cleanUp } from ${at("cleanup.ts")};
    import { temporaryFolder } from ${at("folder.ts")};
    const [postgres, redis] = await Promise.all([startPostgres(), startRedis()]);
    console.log(${JSON.stringify(TOKEN)} + JSON.stringify({
      pids: [postgres.pid, redis.pid], folder: await temporaryFolder("x") }));
    ${ending}`;
  const run = Bun.spawn([process.execPath, "-e", text], { stdout: "pipe", stderr: "inherit", stdin: "ignore" });
  let output = "";
  for await (const bytes of run.stdout) {
    output += new TextDecoder().decode(bytes);
    if (output.includes("}\n")) break;
  }
  const said = JSON.parse(output.slice(output.indexOf(TOKEN) + TOKEN.length));
  return { ...said, kill: () => run.kill("SIGKILL") };
}

test("servers and folders go when it is over", async () => {
  const { pids, folder } = await leftovers("await cleanUp(); process.exit(0);");
  await until(() => !pids.some(isAlive) && !existsSync(folder), { what: "servers and folder to be gone" });
});

test("servers and folders go when the process is killed", async () => {
  const { pids, folder, kill } = await leftovers("await new Promise(() => {});");
  expect(pids.every(isAlive)).toBe(true);
  kill();
  await until(() => !pids.some(isAlive) && !existsSync(folder), { what: "servers and folder to be gone" });
});

test("a disposer runs once, and waits for who runs it already", async () => {
  let runs = 0;
  const dispose = whenDone(async () => {
    await Bun.sleep(1);
    runs++;
  });
  await Promise.all([dispose(), dispose()]);
  await dispose();
  expect(runs).toBe(1);
});
