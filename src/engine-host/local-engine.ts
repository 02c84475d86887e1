import { Problem } from "../platform/http/problem.ts";
import type { EngineProcess, EngineState } from "./engine-process.ts";
import type { EngineRequest, EngineResponse } from "./engine-routes.ts";
import { EngineInstance, type InstanceParts } from "./instance.ts";
import { type EngineSource, load } from "./loading.ts";
import type { EngineManifest } from "./manifest.ts";
import type { ShownSettings } from "./operator-settings.ts";
import type { RunnerStats } from "./runner.ts";

/** An engine in the host's own thread: embedded mode, where the database lives in this process too. */
export class LocalEngine implements EngineProcess {
  readonly name: string;
  readonly source: EngineSource;
  readonly restarts = 0;
  readonly #parts: InstanceParts;
  #state: EngineState = { state: "loading" };
  #instance: EngineInstance | undefined;

  constructor(source: EngineSource, parts: InstanceParts) {
    this.name = source.name;
    this.source = source;
    this.#parts = { ...parts, log: parts.log.child({ engine: source.name }) };
  }

  get state(): EngineState {
    return this.#state;
  }

  get manifest(): EngineManifest | undefined {
    return this.#instance?.manifest;
  }

  get settings(): ShownSettings {
    return this.#instance?.settings ?? {};
  }

  async start(): Promise<void> {
    try {
      const instance = new EngineInstance(await load(this.source), this.#parts);
      await instance.start();
      this.#instance = instance;
      this.#state = { state: "running" };
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      this.#parts.log.error({ reason }, "engine failed");
      this.#state = { state: "failed", reason };
    }
  }

  async handle(request: EngineRequest): Promise<EngineResponse> {
    if (!this.#instance)
      throw new Problem(503, { code: "engine_unavailable", detail: `engine ${this.name} is not running` });
    return await this.#instance.handle(request);
  }

  async stats(): Promise<RunnerStats | undefined> {
    return this.#instance?.stats;
  }

  rebalance(): void {
    this.#instance?.rebalance();
  }

  async stop(): Promise<void> {
    await this.#instance?.stop();
    this.#state = { state: "stopped" };
  }
}
