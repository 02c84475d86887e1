import { beforeAll, describe, expect, test } from "bun:test";
import { cp, mkdir } from "node:fs/promises";
import { dirname, join } from "node:path";
import { deploy } from "../e2e/droplet.ts";
import { SECRET_KEY } from "../e2e/platform.ts";
import { type TestDatabase, testDatabase } from "../harness/database.ts";
import { temporaryFolder } from "../harness/folder.ts";
import { freePort } from "../harness/ports.ts";
import { startProgram } from "../harness/program.ts";
import { type Redis, startRedis } from "../harness/redis.ts";

const dockerfile = await Bun.file(join(import.meta.dir, "../../Dockerfile")).text();
const stage = (name: string) => dockerfile.split(/^(?=FROM )/m).find((part) => part.includes(` AS ${name}\n`)) ?? "";
/** The words of an instruction in its JSON form. */
const words = (text: string, instruction: string): string[] =>
  JSON.parse(new RegExp(`^${instruction} (\\[.*\\])$`, "m").exec(text)?.[1] ?? "[]");

const runtime = stage("runtime");
const [, user = ""] = /^USER (\d+:\d+)$/m.exec(runtime) ?? [];
const environment = Object.fromEntries(
  [...(/^ENV ((?:.*\\\n)*.*)$/m.exec(runtime)?.[1] ?? "").matchAll(/(\w+)=(\S+)/g)].map(([, name, value]) => [
    name,
    value,
  ]),
);

/** What Docker and docker-compose.yml make of it: /proc, /dev, a /tmp in memory, nothing else can be written. */
const CONTAINER = [
  ...["unshare", "--mount", "--propagation", "private", "sh", "-ec"],
  `mount --bind "$0" "$0"; mount --rbind /proc "$0/proc"; mount --rbind /dev "$0/dev"; mount -t tmpfs -o mode=1777 none "$0/tmp"
   mount -o remount,ro,bind "$0"; root=$0 user=$1; shift; exec chroot --userspec="$user" "$root" "$@"`,
];

let root: string;
let database: TestDatabase;
let redis: Redis;

/** What the image holds, without Docker: the program, the libraries it names, and nothing else. */
async function assemble(): Promise<string> {
  const { command, plugins } = await deploy(async () => undefined);
  const [binary = ""] = command;
  const folder = await temporaryFolder("image");
  const place = async (from: string, to: string) => {
    await mkdir(dirname(join(folder, to)), { recursive: true });
    await cp(from, join(folder, to), { dereference: true });
  };
  await place(binary, "/usr/local/bin/basecommerce");
  const libraries = await Bun.$`ldd ${binary}`.text();
  for (const [path] of libraries.matchAll(/\/\S+/g)) await place(path, path);
  for (const name of ["tmp", "proc", "dev"]) await mkdir(join(folder, name));
  await mkdir(join(folder, "opt/basecommerce"), { recursive: true });
  await cp(plugins, join(folder, "opt/basecommerce/plugins"), { recursive: true });
  return folder;
}

// Another root folder and another account are for root only.
describe.skipIf(process.getuid?.() !== 0)("the images' content, alone in a folder, as the images' user", () => {
  beforeAll(async () => {
    [root, database, redis] = await Promise.all([assemble(), testDatabase(), startRedis()]);
  }, 120_000);

  const inImage = (args: string[], env: Record<string, string> = {}) => {
    const [program = "", ...more] = words(runtime, "ENTRYPOINT");
    const command = [...CONTAINER, root, user, program, ...more];
    return startProgram({ command, args, env: { ...environment, ...env } });
  };

  test.each([
    ["basecommerce-construction", "vertical", "8000"],
    ["basecommerce-engines", "engines", "8002"],
  ] as const)(
    "%s starts, is well by its own health check, and ends when asked",
    async (image, role, port) => {
      const free = `${freePort()}`;
      const url = database.urls[role];
      const ports = { [`${role.toUpperCase()}_PORT`]: free };
      const settings = { DATABASE_URL: url, REDIS_URL: redis.url, SECRET_KEY, DRAIN_SECONDS: "0", ...ports };
      const program = inImage(words(stage(image), "CMD"), settings);
      await program.ready(`http://127.0.0.1:${free}/ready`);
      expect((await Bun.file(`/proc/${program.pid}/status`).text()).match(/^Uid:\s+(\d+)/m)?.[1]).toBe(
        user.split(":")[0],
      );

      const [, ...check] = words(stage(image).replaceAll("  CMD", "HEALTH"), "HEALTH");
      expect(check.join(" ")).toContain(`:${port}/health`);
      const health = check.map((word) => word.replace(`:${port}/`, `:${free}/`));
      expect(await inImage(health).exited).toMatchObject({ code: 0, output: '{"status":"ok"}' });
      expect(await program.stop()).toBe(0);
      expect((await inImage(health).exited).code).toBe(1);
    },
    60_000,
  );
});
