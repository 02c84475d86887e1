import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

const INFRA = join(import.meta.dir, "../../infra");
const READY = /ready to accept connections/i;

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "droplet-"));
});
afterAll(async () => {
  await rm(folder, { recursive: true });
});

async function run(...command: string[]): Promise<{ code: number; output: string }> {
  const process = Bun.spawn(command, { stdout: "pipe", stderr: "pipe" });
  const [out, err, code] = await Promise.all([
    new Response(process.stdout).text(),
    new Response(process.stderr).text(),
    process.exited,
  ]);
  return { code, output: out + err };
}

describe("basecommerce@.service", () => {
  const unit = async () => await Bun.file(join(INFRA, "systemd/basecommerce@.service")).text();

  /** The settings of the unit in order; a setting may stand there more than once. */
  async function settings(): Promise<[string, string][]> {
    const lines = (await unit()).split("\n").filter((line) => line !== "" && !/^[#[]/.test(line));
    return lines.map((line) => {
      const [, name = "", value = ""] = /^([A-Za-z]+)=(.*)$/.exec(line) ?? [];
      expect({ line, name }).not.toEqual({ line, name: "" });
      return [name, value];
    });
  }

  test("runs the role it is named after, under an account of its own, and comes back always", async () => {
    const values = Object.fromEntries(await settings());
    expect(values).toMatchObject({
      ExecStart: "/usr/local/bin/basecommerce start --role %i",
      EnvironmentFile: "/etc/basecommerce/%i.env",
      DynamicUser: "yes",
      ProtectSystem: "strict",
      NoNewPrivileges: "yes",
      Restart: "always",
      StartLimitIntervalSec: "0",
      KillSignal: "SIGTERM",
      MemoryMax: expect.stringMatching(/^\d+M$/),
      // More than the 30 s within which the process ends itself.
      TimeoutStopSec: "40",
    });
    // JavaScript is compiled to machine code while it runs.
    expect(values).not.toHaveProperty("MemoryDenyWriteExecute");
  });

  test.skipIf(Bun.which("systemd-analyze") === null)(
    "systemd understands every line and finds it well closed",
    async () => {
      // What it starts has to exist.
      const text = (await unit()).replace("/usr/local/bin/basecommerce", process.execPath);
      await Bun.write(join(folder, "basecommerce@.service"), text);
      const verified = await run("systemd-analyze", "verify", join(folder, "basecommerce@relay.service"));
      expect(verified).toEqual({ code: 0, output: "" });
      // Exposure from 0 (closed) to 10, in tenths; 2.0 is what nginx or a database reach at best.
      const rated = await run(
        "systemd-analyze",
        "security",
        "--offline=true",
        "--threshold=20",
        join(folder, "basecommerce@.service"),
      );
      expect(rated.code).toBe(0);
    },
  );
});

describe("redis.conf", () => {
  test("Redis takes it, keeps every write and evicts nothing", async () => {
    const config = (await Bun.file(join(INFRA, "redis/redis.conf")).text())
      .replace("dir /var/lib/redis", `dir ${folder}`)
      .replace("port 6379", `port 0\nunixsocket ${folder}/redis.sock`);
    await Bun.write(join(folder, "redis.conf"), config);
    const server = Bun.spawn(["redis-server", join(folder, "redis.conf")], { stdout: "pipe" });
    try {
      let log = "";
      for await (const chunk of server.stdout) {
        log += Buffer.from(chunk).toString();
        if (READY.test(log)) break;
      }
      expect(log).toMatch(READY);
      const ask = async (name: string) =>
        (await run("redis-cli", "-s", join(folder, "redis.sock"), "config", "get", name)).output.trim().split("\n")[1];
      expect(await ask("appendonly")).toBe("yes");
      expect(await ask("appendfsync")).toBe("everysec");
      expect(await ask("maxmemory-policy")).toBe("noeviction");
      expect(Number(await ask("maxmemory"))).toBeGreaterThan(0);
      expect(await ask("protected-mode")).toBe("yes");
    } finally {
      server.kill("SIGTERM");
      await server.exited;
    }
  });
});
