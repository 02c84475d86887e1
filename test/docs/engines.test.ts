import { beforeAll, describe, expect, test } from "bun:test";
import { mkdir } from "node:fs/promises";
import { dirname, join } from "node:path";
import { runProgram } from "../../src/cli/program.ts";
import { SDK_VERSION } from "../../src/sdk/version.ts";
import { runAsOwner, SECRET_KEY } from "../e2e/platform.ts";
import { testDatabase } from "../harness/database.ts";
import { temporaryFolder } from "../harness/folder.ts";
import { freePort } from "../harness/ports.ts";
import { PROGRAM, startProgram } from "../harness/program.ts";
import { startRedis } from "../harness/redis.ts";

const REPOSITORY = join(import.meta.dir, "../..");
const OPERATOR_TOKEN = "7d0f1b3c5e7a9b2d4f6e8a1c3b5d7f90";

let folder: string;
let page: string;
/** Path of each TypeScript snippet that stands for a file. */
let files: string[];

beforeAll(async () => {
  folder = await temporaryFolder("engines-page");
  page = await Bun.file(join(REPOSITORY, "docs/engines.md")).text();
  const snippets = [...page.matchAll(/^```ts (\S+)\n(.*?)^```$/gms)];
  files = snippets.map(([, path = ""]) => path);
  for (const [, path = "", text = ""] of snippets) await Bun.write(join(folder, path), text);
  const paths = {
    "@basecommerce/engine": [join(REPOSITORY, "src/sdk/index.ts")],
    "@basecommerce/engine/testing": [join(REPOSITORY, "src/sdk/testing/index.ts")],
  };
  const compilerOptions = { paths, types: [join(REPOSITORY, "node_modules/bun-types")] };
  const config = { extends: join(REPOSITORY, "tsconfig.json"), compilerOptions, include: ["*/*.ts"] };
  await Bun.write(
    join(folder, "tsconfig.json"),
    JSON.stringify({ ...config, files: [join(REPOSITORY, "src/platform/database/assets.d.ts")] }),
  );
});

async function run(command: string[], env: Record<string, string> = {}) {
  const { PATH = "", HOME = "" } = process.env;
  const path = `${dirname(process.execPath)}:${PATH}`;
  const child = Bun.spawn(command, { cwd: folder, env: { HOME, PATH: path, ...env }, stdout: "pipe", stderr: "pipe" });
  const [out, complaint] = await Promise.all([new Response(child.stdout).text(), new Response(child.stderr).text()]);
  return { code: await child.exited, output: out + complaint };
}

describe("the engines of the page", () => {
  test("every snippet of TypeScript is a file of one", () => {
    expect(page.match(/^```ts\b/gm)).toHaveLength(files.length);
    expect(files.length).toBeGreaterThan(4);
  });

  test("have the right types", async () => {
    const tsc = join(REPOSITORY, "node_modules/typescript/bin/tsc");
    expect(await run([process.execPath, tsc, "-p", "."])).toEqual({ code: 0, output: "" });
  }, 60_000);

  test("are what a host would run", async () => {
    for (const file of files.filter((name) => name.endsWith("/engine.ts"))) {
      const lines: string[] = [];
      const write = (line: string) => void lines.push(line);
      const surroundings = { environment: {}, input: async () => "", out: write, error: write };
      const code = await runProgram(["engine", "check", join(folder, dirname(file))], surroundings);
      expect({ file, code, output: lines.join("\n") }).toMatchObject({ file, code: 0 });
    }
  }, 60_000);

  test("pass their tests", async () => {
    const { code, output } = await run([process.execPath, "test", "--timeout", "60000", "large-sales"]);
    expect({ code, output }).toEqual({ code: 0, output: expect.stringContaining(" 0 fail") });
  }, 120_000);
});

test("the commands of the page do what it says, one after the other", async () => {
  const [database, redis] = await Promise.all([testDatabase(), startRedis()]);
  const launch = { command: PROGRAM, plugins: "" };
  await runAsOwner(launch, database, ["tenant", "create", "--slug", "casa", "--name", "Casa"]);
  await mkdir(join(folder, "engines"));
  const port = freePort();
  const program = startProgram({
    command: launch.command,
    args: ["start", "--role", "engines", "--watch", "--plugins", join(folder, "engines")],
    env: {
      HOST: "127.0.0.1",
      ENGINES_PORT: String(port),
      DRAIN_SECONDS: "0",
      DATABASE_URL: database.urls.owner,
      REDIS_URL: redis.url,
      SECRET_KEY,
      OPERATOR_TOKEN,
    },
  });
  await program.ready(`http://127.0.0.1:${port}/ready`);
  const snippets = [...page.matchAll(/^```sh\n(.*?)^```$/gms)].map(([, text = ""]) => text);
  expect(snippets).toHaveLength(4);
  const script = [`basecommerce() { ${PROGRAM.join(" ")} "$@"; }`, ...snippets].join("\n");
  const { code, output } = await run(["bash", "-euo", "pipefail", "-c", script], {
    DATABASE_URL: database.urls.owner,
    ENGINES_URL: `http://127.0.0.1:${port}`,
    OPERATOR_TOKEN,
  });
  expect({ code, output }).toEqual({ code: 0, output: expect.stringContaining("best-sellers is on for casa") });
  for (const said of ["no problems", " 2 pass", "0 event(s) dropped", '{"events":0}']) expect(output).toContain(said);
  await program.line(/"engine":"best-sellers".*"engine (reloaded|running)"/);
}, 180_000);

test("the package it names is the one that is packed", () => {
  expect(page).toContain(`bun add --dev ./basecommerce-engine-${SDK_VERSION}.tgz`);
});
