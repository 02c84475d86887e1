import { existsSync, type FSWatcher, watch } from "node:fs";
import { resolve, sep } from "node:path";
import type { Log } from "../platform/observability/log.ts";
import type { EngineHost } from "./host.ts";
import { discover, forgetModules } from "./loading.ts";

/** Editors write a file in several steps, and several files at once. */
const QUIET_MS = 60;

/** Neither code nor data of an engine: what editors and packagers leave, and its tests. */
const IGNORED = /^(\.|node_modules$)|~$|\.test\.[cm]?[jt]s$/;

/** Loads drop-in engines anew when a file of theirs is saved, adds folders that appear, ends engines whose folder is gone. */
export class PluginWatch {
  readonly #directory: string;
  readonly #host: EngineHost;
  readonly #log: Log;
  readonly #timers = new Map<string, ReturnType<typeof setTimeout>>();
  #watcher: FSWatcher | undefined;
  /** Reloads run one after the other. */
  #reloading: Promise<void> = Promise.resolve();

  constructor(directory: string, host: EngineHost, log: Log) {
    this.#directory = resolve(directory);
    this.#host = host;
    this.#log = log;
  }

  start(): void {
    const folder = this.#directory;
    if (!existsSync(folder)) {
      this.#log.warn({ folder }, "there is no plugin folder to watch; make it and start again");
      return;
    }
    this.#watcher = watch(folder, { recursive: true }, (_, path) => this.#changed(path));
    this.#watcher.on("error", (error) =>
      this.#log.error({ err: error, folder }, "the plugin folder is no longer watched"),
    );
    this.#log.info({ folder }, "watching: a saved engine is loaded anew");
  }

  /** Lets the reload in hand finish. */
  async stop(): Promise<void> {
    this.#watcher?.close();
    for (const timer of this.#timers.values()) clearTimeout(timer);
    this.#timers.clear();
    await this.#reloading;
  }

  #changed(path: string | null): void {
    const parts = path?.split(sep) ?? [];
    const [name] = parts;
    if (name === undefined || parts.some((part) => IGNORED.test(part))) return;
    clearTimeout(this.#timers.get(name));
    const due = () => {
      this.#timers.delete(name);
      this.#reloading = this.#reloading.then(() => this.#reload(name));
    };
    this.#timers.set(name, setTimeout(due, QUIET_MS));
  }

  async #reload(name: string): Promise<void> {
    const log = this.#log.child({ engine: name });
    const began = performance.now();
    try {
      forgetModules(resolve(this.#directory, name));
      const source = discover(this.#directory).find((found) => found.name === name);
      if (!source) {
        if (!this.#host.find(name)) return;
        await this.#host.reload({ kind: "folder", name, entry: "" }, false);
        log.info("its folder is gone: engine stopped");
        return;
      }
      const { state } = await this.#host.reload(source, true);
      // Why it does not run, the engine itself has said.
      if (state !== "running") return;
      const ms = Math.round(performance.now() - began);
      log.info({ ms, version: this.#host.find(name)?.manifest?.version }, "engine reloaded");
    } catch (error) {
      log.error({ err: error }, "engine not reloaded");
    }
  }
}
