import { beforeAll, expect, test } from "bun:test";
import { join } from "node:path";
import { type TestDatabase, testDatabase } from "../harness/database.ts";
import { freePort } from "../harness/ports.ts";
import { PROGRAM, startProgram } from "../harness/program.ts";
import { startRedis } from "../harness/redis.ts";

const DOCS = join(import.meta.dir, "../../docs");
const PERSON = { SLUG: "casa-verde", EMAIL: "ana@casaverde.example", PASSWORD: "correct horse battery" };

let environment: Record<string, string>;

beforeAll(async () => {
  const [database, redis, port] = await Promise.all([testDatabase(), startRedis(), freePort()]);
  await administer(database, ["tenant", "create", "--slug", PERSON.SLUG, "--name", "Casa Verde"]);
  await administer(
    database,
    [
      "user",
      "create",
      "--tenant",
      PERSON.SLUG,
      "--email",
      PERSON.EMAIL,
      "--name",
      "Ana",
      "--role",
      "admin",
      "--password-stdin",
    ],
    PERSON.PASSWORD,
  );
  const program = startProgram({
    command: PROGRAM,
    args: ["start", "--role", "vertical"],
    env: {
      DATABASE_URL: database.urls.vertical,
      REDIS_URL: redis.url,
      SECRET_KEY: "9f2c4e6a8b0d1f3e5c7a9b1d3f5e7c9a0b2d4f6e",
      HOST: "127.0.0.1",
      VERTICAL_PORT: String(port),
      DRAIN_SECONDS: "0",
    },
  });
  const url = `http://127.0.0.1:${port}`;
  await program.ready(`${url}/ready`);
  environment = { BASE_URL: url, ...PERSON };
}, 60_000);

/** Runs a command of the program as the owner; what it reads from stdin is `input`. */
async function administer(database: TestDatabase, args: string[], input = ""): Promise<void> {
  const { code, output } = await run(
    [process.execPath, "src/main.ts", ...args],
    { DATABASE_URL: database.urls.owner },
    input,
  );
  if (code !== 0) throw new Error(`${args.join(" ")} ended with ${code}: ${output}`);
}

async function run(command: string[], env: Record<string, string>, input = "") {
  const { PATH = "", HOME = "" } = process.env;
  const child = Bun.spawn(command, {
    cwd: join(DOCS, ".."),
    env: { PATH, HOME, ...env },
    stdin: new Blob([input]),
    stdout: "pipe",
    stderr: "pipe",
  });
  const [out, complaint] = await Promise.all([new Response(child.stdout).text(), new Response(child.stderr).text()]);
  return { code: await child.exited, output: out + complaint };
}

test("shop-day.sh walks a shop's day, twice", async () => {
  for (const number of [1, 2]) {
    const { code, output } = await run(["bash", join(DOCS, "shop-day.sh")], environment);
    expect({ code, output }).toEqual({ code: 0, output: expect.stringContaining(`O-00000${number}: R$ 554.09`) });
    expect(output).toContain("190.000 in stock");
    expect(output).toContain(`R$ ${number === 1 ? "554.09" : "1108.18"} this week`);
  }
}, 60_000);

test("shop-day.sh stops where it is refused, and says why", async () => {
  const { code, output } = await run(["bash", join(DOCS, "shop-day.sh")], {
    ...environment,
    PASSWORD: "wrong password",
  });
  expect({ code, output }).toEqual({ code: 1, output: expect.stringContaining('"status":401') });
}, 60_000);

test("the snippets of api.md do what the page says", async () => {
  const page = await Bun.file(join(DOCS, "api.md")).text();
  const snippets = [...page.matchAll(/^```sh\n(.*?)^```$/gms)].map((found) => found[1] ?? "");
  expect(snippets.length).toBeGreaterThan(4);
  const { code, output } = await run(["bash", "-euo", "pipefail", "-c", snippets.join("\n")], environment);
  expect({ code, output }).toEqual({ code: 0, output: expect.stringContaining("Tijolo 8 furos") });
}, 60_000);

test("client.ts signs in, sells, and reads an error", async () => {
  const { code, output } = await run([process.execPath, join(DOCS, "client.ts")], environment);
  expect({ code, output }).toEqual({ code: 0, output: expect.stringMatching(/^Q-\d+ became O-\d+: R\$ 369\.55$/m) });
  expect(output).toMatch(/^refused: .*preparing/m);
});
