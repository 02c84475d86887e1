import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { isBuiltin } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import project from "../../package.json" with { type: "json" };
import { SDK_VERSION } from "../../src/sdk/version.ts";
import { declarationsOf, packagesNamed } from "./sdk-declarations.ts";

// Makes dist/sdk/basecommerce-engine-<version>.tgz: the package that authors of engines install.

const NAME = "@basecommerce/engine";
const ENTRIES = ["sdk/index.ts", "sdk/testing/index.ts"];
/** Types of the runtime and of `bun:test`, which an author's tests are written with. */
const ALWAYS = ["bun-types"];

const root = join(import.meta.dir, "../..");

/** Packs the SDK into `destination` and returns the archive's path. */
export async function packSdk(destination: string): Promise<string> {
  const scratch = await mkdtemp(join(tmpdir(), "pack-sdk-"));
  try {
    const folder = join(scratch, "package");
    const [code, declarations] = await Promise.all([bundle(folder), declarationsOf(root, ENTRIES, scratch)]);
    for (const [path, text] of declarations) await Bun.write(join(folder, "types", path), text);
    await Bun.write(join(folder, "README.md"), Bun.file(join(root, "src/sdk/README.md")));
    const packages = new Set([...ALWAYS, ...code, ...packagesNamed(declarations)]);
    await Bun.write(join(folder, "package.json"), `${JSON.stringify(await manifest(packages), null, 2)}\n`);
    await mkdir(destination, { recursive: true });
    const pack = Bun.spawn([process.execPath, "pm", "pack", "--quiet", "--destination", destination], {
      cwd: folder,
      stdout: "pipe",
      stderr: "inherit",
    });
    const output = await new Response(pack.stdout).text();
    if ((await pack.exited) !== 0) throw new Error(`packing failed: ${output}`);
    return join(destination, `basecommerce-engine-${SDK_VERSION}.tgz`);
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}

/** One copy of what both entries share; packages stay outside. Returns what is imported from them. */
async function bundle(outdir: string): Promise<Set<string>> {
  const { outputs } = await Bun.build({
    entrypoints: ENTRIES.map((entry) => join(root, "src", entry)),
    root: join(root, "src/sdk"),
    outdir,
    target: "bun",
    splitting: true,
    packages: "external",
  });
  const transpiler = new Bun.Transpiler({ loader: "js" });
  const imported = await Promise.all(outputs.map(async (output) => transpiler.scanImports(await output.text())));
  return new Set(imported.flat().flatMap(({ path }) => (path.startsWith(".") ? [] : [path])));
}

/** Of each package the version that is installed, and tested, here. */
async function manifest(imports: ReadonlySet<string>): Promise<object> {
  const dependencies: Record<string, string> = {};
  for (const path of [...imports].sort()) {
    if (isBuiltin(path) || path.startsWith("bun:")) continue;
    const name = path.split("/", path.startsWith("@") ? 2 : 1).join("/");
    dependencies[name] = (await Bun.file(join(root, "node_modules", name, "package.json")).json()).version;
  }
  const entry = (types: string, code: string) => ({ types: `./types/sdk/${types}`, default: `./${code}` });
  return {
    name: NAME,
    version: SDK_VERSION,
    description: "What an author of BaseCommerce engines imports: types, and a test kit that runs what the host runs",
    license: project.license,
    type: "module",
    engines: project.engines,
    exports: {
      ".": entry("index.d.ts", "index.js"),
      "./testing": entry("testing/index.d.ts", "testing/index.js"),
      "./package.json": "./package.json",
    },
    dependencies,
  };
}

if (import.meta.main) console.log(await packSdk(join(root, "dist/sdk")));
