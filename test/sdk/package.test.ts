import { beforeAll, describe, expect, test } from "bun:test";
import { cp, rm } from "node:fs/promises";
import { join } from "node:path";
import { packSdk } from "../../infra/dev/pack-sdk.ts";
import { makeEngine } from "../../src/cli/engine/new.ts";
import { deploy } from "../e2e/droplet.ts";
import { ShopClient, walkThePath } from "../e2e/path.ts";
import { shopWith, startPlatform } from "../e2e/platform.ts";
import { temporaryFolder } from "../harness/folder.ts";
import { until } from "../harness/until.ts";

const TSC = join(import.meta.dir, "../../node_modules/typescript/bin/tsc");

/** Uses what a plain engine does not: what of the SDK has to be the host's own, whoever brought it along. */
const REFUSALS = `
import { notFound } from "@basecommerce/engine";
export const nothing = () => {
  throw notFound("a best seller");
};
`;

let project: string;
let engine: string;
beforeAll(async () => {
  project = await temporaryFolder("authors");
  const archive = await packSdk(project);
  await Bun.write(join(project, "package.json"), '{ "name": "our-engines", "private": true, "type": "module" }');
  const installed = await run(["add", archive], project);
  expect(installed).toMatchObject({ code: 0 });
  engine = await makeEngine("best-sellers", join(project, "engines"));
  await Bun.write(join(engine, "refusals.ts"), REFUSALS);
  const entry = join(engine, "engine.ts");
  const text = (await Bun.file(entry).text())
    .replace("\n\n/**", '\nimport { nothing } from "./refusals.ts";\n\n/**')
    .replace("app.get(", 'app.get("/nothing", nothing).get(');
  await Bun.write(entry, text);
}, 120_000);

/** Runs Bun with \`args\` in \`cwd\`, as an author does. */
async function run(args: string[], cwd: string): Promise<{ code: number; output: string }> {
  const child = Bun.spawn([process.execPath, ...args], { cwd, stdout: "pipe", stderr: "pipe" });
  const [output, complaint] = await Promise.all([new Response(child.stdout).text(), new Response(child.stderr).text()]);
  return { code: await child.exited, output: output + complaint };
}

describe("in an empty folder, with nothing but the package", () => {
  test("a new engine's types are right", async () => {
    expect(await run([TSC, "-p", engine], engine)).toEqual({ code: 0, output: "" });
  }, 60_000);

  test("and those of payloads, configuration and emits are known", async () => {
    const wrong = `
      import { defineEngine, Type } from "@basecommerce/engine";
      export default defineEngine({
        name: "wrong", version: "1.0.0", description: "Wrong in each line that says so", from: "now",
        config: Type.Object({ shown: Type.Integer({ default: 1 }) }),
        emits: { told: { version: 1, key: "id", payload: Type.Object({ id: Type.String() }) } },
        subscriptions: {
          construction: {
            sale_recorded: async (event, { config, emit }) => {
              event.payload.items[0]?.quantity.toFixed(); // wrong 1
              config.shown.length; // wrong 2
              emit("told", { id: 5 }); // wrong 3
              emit("sold", { id: "a" }); // wrong 4
            },
            sale: async () => {}, // wrong 5
          },
        },
      });`;
    await Bun.write(join(project, "wrong/engine.ts"), wrong);
    await cp(join(engine, "tsconfig.json"), join(project, "wrong/tsconfig.json"));
    const { output } = await run([TSC, "-p", ".", "--pretty", "false"], join(project, "wrong"));
    const lines = new Set(
      [...output.matchAll(/^engine\.ts\((\d+),/gm)].map(([, line]) => wrong.split("\n")[Number(line) - 1]),
    );
    const marks = [...lines].map((line) => /wrong (\d)/.exec(line ?? "")?.[1]);
    expect({ marks: marks.sort(), output }).toEqual({ marks: ["1", "2", "3", "4", "5"], output });
  }, 60_000);

  test("its tests pass, through the same processing as on a host", async () => {
    const { code, output } = await run(["test", "--timeout", "60000"], engine);
    expect({ code, output }).toEqual({ code: 0, output: expect.stringContaining(" 2 pass") });
  }, 120_000);
});

test("the folder runs in a compiled binary's plugin folder, with or without a package of its own", async () => {
  const launch = await deploy(async (plugins) => {
    await cp(engine, join(plugins, "best-sellers"), { recursive: true });
    const own = join(plugins, "own-package");
    await cp(engine, own, { recursive: true });
    await cp(join(project, "node_modules/@basecommerce"), join(own, "node_modules/@basecommerce"), {
      recursive: true,
      dereference: true,
    });
    const entry = join(own, "engine.ts");
    await Bun.write(entry, (await Bun.file(entry).text()).replace('name: "best-sellers"', 'name: "own-package"'));
  });
  const names = ["best-sellers", "own-package"];
  const platform = await startPlatform(
    launch,
    names.map((name) => join(launch.plugins, name)),
  );
  await rm(project, { recursive: true });
  const shop = await shopWith(platform, "casa", "seller");
  await walkThePath(shop);
  const client = new ShopClient(shop);
  await client.login();
  for (const name of names) {
    const sold = async () => {
      const { items } = await client.get(`/api/v1/engines/${name}/best-sellers`);
      return Array.isArray(items) && items.length > 0 && items;
    };
    const seen = await until(sold, { what: `${name} to count the sale` });
    expect(seen).toEqual([{ product_id: expect.any(String), quantity: "5.000" }]);
    const refused = await client.get(`/api/v1/engines/${name}/nothing`, 404);
    expect(refused).toMatchObject({ detail: "a best seller not found" });
  }
}, 180_000);
