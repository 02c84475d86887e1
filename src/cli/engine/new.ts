import { existsSync, readFileSync } from "node:fs";
import { mkdir } from "node:fs/promises";
import { dirname, join, relative, resolve } from "node:path";
import type { Command } from "commander";
import { builtinEngines } from "../../engine-host/builtin.ts";
import { isEngineName, RESERVED_END } from "../../engine-host/names.ts";
import { conflict, unprocessable } from "../../platform/http/problem.ts";
import { SDK_VERSION } from "../../sdk/version.ts";
import type { Surroundings } from "../surroundings.ts";
import { sdkPackage } from "./sdk-package.ts";
import testText from "./template/engine.test.ts.txt" with { type: "text" };
import engineText from "./template/engine.ts.txt" with { type: "text" };
import readmeText from "./template/README.md.txt" with { type: "text" };

const SDK = "@basecommerce/engine";

export function registerNew(engine: Command, { out }: Surroundings): void {
  engine
    .command("new <name>")
    .description("make a folder with an engine that runs at once: engine, test, types, README")
    .option("--dir <folder>", "where the engine's folder is made", "plugins")
    .action(async (name: string, { dir }: { dir: string }) => {
      const folder = await makeEngine(name, resolve(dir));
      const shown = relative(process.cwd(), folder) || folder;
      out(`${shown} is an engine that counts what sells. Next:`);
      const archive = sdkPackage ? `./${sdkPackage.file}` : `<the archive that "npm run sdk" makes>`;
      const adding = sdkPathsAbove(folder) === undefined ? `bun add --dev ${archive} && ` : "";
      out(`  cd ${shown} && ${adding}bun test`);
      out(`  basecommerce engine check ${shown}`);
      out(`  basecommerce start --demo --watch --plugins ${relative(process.cwd(), dirname(folder)) || "."}`);
    });
}

/** Writes the folder `name` below `directory` and returns its path. Refuses a name that is none, or that is taken. */
export async function makeEngine(name: string, directory: string): Promise<string> {
  const problem = problemOf(name);
  if (problem !== undefined) throw unprocessable([{ path: "/name", message: problem }]);
  const folder = join(directory, name);
  if (existsSync(folder)) throw conflict("taken", `${folder} is there already`);
  await mkdir(folder, { recursive: true });
  const files = {
    "engine.ts": named(engineText, name),
    "engine.test.ts": testText,
    "README.md": named(readmeText, name),
    "package.json": json(packageOf(name)),
    "tsconfig.json": json(typesOf(folder)),
  };
  for (const [file, text] of Object.entries(files)) await Bun.write(join(folder, file), text);
  if (sdkPackage && sdkPathsAbove(folder) === undefined)
    await Bun.write(join(folder, sdkPackage.file), sdkPackage.bytes);
  return folder;
}

function problemOf(name: string): string | undefined {
  if (!isEngineName(name)) {
    return "must be 2 to 42 of a-z, 0-9 and inner hyphens, beginning with a letter: it names folder, API and schema";
  }
  if (name.endsWith(RESERVED_END)) return `may not end in ${RESERVED_END}: that is the name of another engine's role`;
  return name in builtinEngines ? "is a built-in engine's: yours would take its place" : undefined;
}

function packageOf(name: string): object {
  return {
    name,
    version: "0.1.0",
    private: true,
    type: "module",
    scripts: { test: "bun test", types: "bun x --package typescript tsc --noEmit" },
    peerDependencies: { [SDK]: `^${SDK_VERSION}` },
  };
}

/** Bun, too, looks for packages by the nearest tsconfig.json: one further up that knows where the SDK is must be heard. */
function typesOf(folder: string): object {
  const above = sdkPathsAbove(folder);
  if (above !== undefined) return { extends: relative(folder, above), include: ["."] };
  const compilerOptions = {
    target: "ESNext",
    module: "Preserve",
    moduleResolution: "bundler",
    lib: ["ESNext"],
    types: ["bun-types"],
    strict: true,
    noUncheckedIndexedAccess: true,
    noEmit: true,
    allowImportingTsExtensions: true,
    verbatimModuleSyntax: true,
    skipLibCheck: true,
  };
  return { compilerOptions, include: ["."] };
}

function sdkPathsAbove(folder: string): string | undefined {
  for (let at = dirname(folder), below = folder; at !== below; below = at, at = dirname(at)) {
    const file = join(at, "tsconfig.json");
    if (existsSync(file)) return readFileSync(file, "utf8").includes(`"${SDK}":`) ? file : undefined;
  }
  return undefined;
}

function named(text: string, name: string): string {
  return text.replaceAll("__NAME__", name);
}

function json(value: object): string {
  return `${JSON.stringify(value, null, 2)}\n`;
}
