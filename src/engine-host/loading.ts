import { existsSync, lstatSync, readdirSync, realpathSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join, resolve, sep } from "node:path";
import type { EngineDefinition } from "../sdk/engine.ts";
import { builtinEngines } from "./builtin.ts";
import { whyNotLoaded } from "./load-failure.ts";
import { checkedDefinition, InvalidEngine } from "./manifest.ts";
import { settingsProblem } from "./operator-settings.ts";

/** Modules that wait for something at their top level are not waited for longer. The host of a Worker gives up sooner. */
const IMPORT_MS = 30_000;

/** Modules of both kinds that this thread has loaded, by path. */
const modules = createRequire(import.meta.url).cache;

/** Where an engine comes from. */
export type EngineSource = { kind: "builtin"; name: string } | { kind: "folder"; name: string; entry: string };

/**
 * Lets plugins import `@basecommerce/engine` wherever their folder is, also from the compiled binary, where a bare import
 * finds nothing. Needed once in every thread that loads one.
 */
export async function provideSdk(): Promise<void> {
  const sdk = await import("../sdk/index.ts");
  Bun.plugin({
    name: "@basecommerce/engine",
    setup(build) {
      build.module("@basecommerce/engine", () => ({ exports: { ...sdk }, loader: "object" }));
    },
  });
}

/** Has the next import of a file below `folder` read it again, in this thread; a new Worker does so by itself. */
export function forgetModules(folder: string): void {
  for (const path of Object.keys(modules)) if (path.startsWith(folder + sep)) delete modules[path];
  if (!existsSync(folder)) return;
  // A file that did not load is not listed, and would fail again unread.
  for (const path of readdirSync(folder, { recursive: true, encoding: "utf8" })) delete modules[join(folder, path)];
}

/** Every folder of `directory` that could be an engine, and every built-in one. A drop-in of the same name takes precedence. */
export function discover(directory: string | undefined): EngineSource[] {
  const folders = directory !== undefined && existsSync(directory) ? foldersOf(resolve(directory)) : [];
  const named = new Set(folders.map(({ name }) => name));
  const builtin = Object.keys(builtinEngines).filter((name) => !named.has(name));
  return [...builtin.map((name): EngineSource => ({ kind: "builtin", name })), ...folders];
}

function foldersOf(directory: string): EngineSource[] {
  return readdirSync(directory)
    .filter((name) => !name.startsWith(".") && !lstatSync(join(directory, name)).isFile())
    .sort()
    .map((name) => ({ kind: "folder", name, entry: join(directory, name, "engine.ts") }));
}

async function importEntry(name: string, entry: string, limit_ms: number): Promise<{ default?: unknown }> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`it takes longer than ${limit_ms / 1000} s`)), limit_ms);
  });
  try {
    return await Promise.race([import(entry), late]);
  } catch (error) {
    throw new InvalidEngine(`${name}/engine.ts does not load: ${whyNotLoaded(error, dirname(entry))}`);
  } finally {
    clearTimeout(timer);
  }
}

/** What an engine is made of lies in the plugin folder: who may write there says what runs. Installed packages may be linked. */
function refuseLinksOut(name: string, folder: string): void {
  const home = realpathSync(resolve(folder, "..")) + sep;
  const real = realpathSync(folder);
  const links = () =>
    readdirSync(real, { recursive: true, withFileTypes: true })
      .filter((found) => found.isSymbolicLink())
      .map((link) => join(link.parentPath, link.name))
      .filter((path) => !path.slice(real.length).split(sep).includes("node_modules") && existsSync(path));
  if (real.startsWith(home) && links().every((path) => realpathSync(path).startsWith(home))) return;
  throw new InvalidEngine(`${name} leads out of the plugin folder by a symbolic link`);
}

/** Loads and checks an engine's code, which has `limit_ms` to load; throws `InvalidEngine`. */
export async function load(source: EngineSource, limit_ms = IMPORT_MS): Promise<EngineDefinition> {
  if (source.kind === "builtin") {
    const builtin = builtinEngines[source.name];
    if (!builtin) throw new InvalidEngine(`there is no built-in engine ${source.name}`);
    return withSettingsChecked(checkedDefinition(await builtin(), source.name), source.name);
  }
  const { entry, name } = source;
  if (!existsSync(entry)) throw new InvalidEngine(`${name} has no engine.ts`);
  refuseLinksOut(name, resolve(entry, ".."));
  const module = await importEntry(name, entry, limit_ms);
  const definition = withSettingsChecked(checkedDefinition(module.default, `${name}/engine.ts`), name);
  if (definition.name !== name) {
    throw new InvalidEngine(`the folder is named ${name} but its engine calls itself ${definition.name}`);
  }
  return definition;
}

function withSettingsChecked(definition: EngineDefinition, source: string): EngineDefinition {
  const problem = settingsProblem(definition);
  if (problem !== undefined) throw new InvalidEngine(`${source}: ${problem}`);
  return definition;
}
