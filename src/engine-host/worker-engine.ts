import { Problem } from "../platform/http/problem.ts";
import type { Log } from "../platform/observability/log.ts";
import type { EngineProcess, EngineState } from "./engine-process.ts";
import type { EngineRequest, EngineResponse } from "./engine-routes.ts";
import { newOwner } from "./leases.ts";
import type { EngineSource } from "./loading.ts";
import type { EngineManifest } from "./manifest.ts";
import type { FromWorker, ToWorker, WorkerConnections } from "./messages.ts";
import type { ShownSettings } from "./operator-settings.ts";
import type { RunnerStats } from "./runner.ts";

const FIRST_RESTART_MS = 500;
const LAST_RESTART_MS = 5000;
/** A Worker that has run this long was well: the next restart is quick again. */
const WELL_AFTER_MS = 60_000;
const STOP_DEADLINE_MS = 8000;
const STATS_DEADLINE_MS = 1000;
const REQUEST_DEADLINE_MS = 30_000;
/** Silence beyond a handler's own time after which a Worker is taken to hang. */
const HANG_MS = 2000;
/** An engine's modules are there within this time, and its `start` ends, or never; its installation may take as long as it takes. */
const LOAD_MS = 30_000;
/** Runtimes do not enforce limits on Workers, so they are watched. */
const MAX_HEAP_BYTES = 512 * 1024 * 1024;

/** In the compiled binary all modules are one, at the root of the sources; its Workers keep their places below it. */
const WORKER = new URL(
  import.meta.path.startsWith("/$bunfs/") ? "./engine-host/worker.ts" : "./worker.ts",
  import.meta.url,
).href;

interface Waiting {
  resolve(answer: EngineResponse | RunnerStats): void;
  reject(error: Error): void;
  timer: ReturnType<typeof setTimeout>;
}

/**
 * An engine in a Worker of its own. What kills the Worker (a throw, exit, endless loop) leaves the host and the other
 * engines alive; a new Worker is started after a pause that grows.
 */
export class WorkerEngine implements EngineProcess {
  readonly name: string;
  readonly source: EngineSource;
  restarts = 0;
  settings: ShownSettings = {};
  readonly #connect: () => Promise<WorkerConnections>;
  readonly #released: (engine: string, owner: string) => void;
  readonly #log: Log;
  readonly #load_ms: number;
  readonly #waiting = new Map<number, Waiting>();
  #connections: WorkerConnections | undefined;
  #worker: Worker | undefined;
  #state: EngineState = { state: "loading" };
  #manifest: EngineManifest | undefined;
  #owner = "";
  #started_at = 0;
  #heard_at = 0;
  #restart_ms = FIRST_RESTART_MS;
  #restart: ReturnType<typeof setTimeout> | undefined;
  #loading: ReturnType<typeof setTimeout> | undefined;
  #next_id = 1;
  #changed: () => void = () => undefined;
  #stopped: () => void = () => undefined;

  /** `connect` tells what a Worker connects to. `released` hears under which name a Worker that died held partitions. */
  constructor(
    source: EngineSource,
    connect: () => Promise<WorkerConnections>,
    log: Log,
    released: (engine: string, owner: string) => void,
    load_ms = LOAD_MS,
  ) {
    this.name = source.name;
    this.source = source;
    this.#connect = connect;
    this.#released = released;
    this.#load_ms = load_ms;
    this.#log = log.child({ engine: source.name });
  }

  get state(): EngineState {
    return this.#state;
  }

  get manifest(): EngineManifest | undefined {
    return this.#manifest;
  }

  /** Resolves when the engine runs, failed, or is to be tried again: a slow or broken one keeps nobody waiting. */
  async start(): Promise<void> {
    this.#connections = await this.#connect();
    await new Promise<void>((resolve) => {
      this.#changed = resolve;
      this.#spawn();
    });
  }

  async handle(request: EngineRequest): Promise<EngineResponse> {
    if (this.#state.state !== "running") throw unavailable(this.name);
    const answer = await this.#ask((id) => ({ type: "request", id, request }), REQUEST_DEADLINE_MS);
    if (!("status" in answer)) throw unavailable(this.name);
    return answer;
  }

  async stats(): Promise<RunnerStats | undefined> {
    if (this.#state.state !== "running") return undefined;
    const answer = await this.#ask((id) => ({ type: "stats", id }), STATS_DEADLINE_MS).catch(() => undefined);
    this.#watch(answer && "events" in answer ? answer : undefined);
    return answer && "events" in answer ? answer : undefined;
  }

  rebalance(): void {
    if (this.#state.state === "running") this.#send({ type: "rebalance" });
  }

  async stop(): Promise<void> {
    clearTimeout(this.#restart);
    clearTimeout(this.#loading);
    const worker = this.#worker;
    if (worker && this.#state.state === "running") {
      await new Promise<void>((resolve) => {
        this.#stopped = resolve;
        setTimeout(resolve, STOP_DEADLINE_MS).unref();
        this.#send({ type: "stop" });
      });
    }
    this.#setState({ state: "stopped" });
    this.#worker = undefined;
    worker?.terminate();
    this.#dropWaiting();
  }

  #spawn(): void {
    const connections = this.#connections;
    if (!connections) return;
    this.#owner = newOwner();
    this.#started_at = performance.now();
    // Its heap is a few megabytes that are needed all the time; room to grow into is what every engine would cost.
    const worker = new Worker(WORKER, { smol: true });
    this.#worker = worker;
    this.#expect(worker, "did not load");
    worker.onmessage = ({ data }: MessageEvent<FromWorker>) => this.#hear(data);
    worker.onerror = (event) => {
      event.preventDefault?.();
      this.#ended(worker, event.message || "the Worker threw");
    };
    worker.addEventListener("close", () => this.#ended(worker, "the Worker exited"));
    this.#send({ type: "start", source: this.source, connections, owner: this.#owner });
  }

  /** Ends a Worker of which nothing more is heard in time, for the reason that is given. */
  #expect(worker: Worker, otherwise: string): void {
    clearTimeout(this.#loading);
    this.#loading = setTimeout(() => this.#ended(worker, `${otherwise} within ${this.#load_ms} ms`), this.#load_ms);
  }

  /** A Worker that says nothing for longer than any handler may take hangs; one that has grown too large is restarted. */
  #watch(stats: RunnerStats | undefined): void {
    const worker = this.#worker;
    if (!worker) return;
    const silent_ms = performance.now() - this.#heard_at;
    const patience_ms = (this.#manifest?.handler_timeout_ms ?? 0) + HANG_MS;
    if (!stats && silent_ms > patience_ms)
      this.#ended(worker, `has not answered for ${Math.round(silent_ms / 1000)} s`);
    if (stats && stats.heap_bytes > MAX_HEAP_BYTES) {
      this.#ended(worker, `uses ${Math.round(stats.heap_bytes / 1e6)} MB of memory, more than an engine may`);
    }
  }

  #hear(message: FromWorker): void {
    this.#heard_at = performance.now();
    switch (message.type) {
      case "loaded":
        clearTimeout(this.#loading);
        return;
      case "starting":
        if (this.#worker) this.#expect(this.#worker, "did not come to the end of its start");
        return;
      case "running":
        clearTimeout(this.#loading);
        this.#manifest = message.manifest;
        this.settings = message.settings;
        this.#log.info({ version: message.manifest.version }, "engine running");
        this.#setState({ state: "running" });
        return;
      case "failed":
        if (message.permanent) this.#fail(message.reason);
        else if (this.#worker) this.#ended(this.#worker, message.reason);
        return;
      case "response":
        this.#answer(message.id, message.response);
        return;
      case "stats":
        this.#answer(message.id, message.stats);
        return;
      case "stopped":
        this.#stopped();
    }
  }

  /** Trying again cannot help: the code itself is wrong. */
  #fail(reason: string): void {
    clearTimeout(this.#loading);
    const worker = this.#worker;
    this.#worker = undefined;
    worker?.terminate();
    this.#log.error({ reason }, "engine failed");
    this.#setState({ state: "failed", reason });
  }

  #ended(worker: Worker, reason: string): void {
    if (worker !== this.#worker) return;
    clearTimeout(this.#loading);
    this.#worker = undefined;
    worker.terminate();
    this.#dropWaiting();
    this.#stopped();
    if (performance.now() - this.#started_at > WELL_AFTER_MS) this.#restart_ms = FIRST_RESTART_MS;
    // It can commit nothing any more; what it held is free at once.
    this.#released(this.name, this.#owner);
    this.#log.error({ reason, restart_in_ms: this.#restart_ms }, "engine died");
    this.#setState({ state: "restarting", reason });
    this.restarts++;
    this.#restart = setTimeout(() => this.#spawn(), this.#restart_ms);
    this.#restart_ms = Math.min(this.#restart_ms * 2, LAST_RESTART_MS);
  }

  #setState(state: EngineState): void {
    this.#state = state;
    this.#changed();
  }

  #send(message: ToWorker): void {
    this.#worker?.postMessage(message);
  }

  async #ask(message: (id: number) => ToWorker, deadline_ms: number): Promise<EngineResponse | RunnerStats> {
    const id = this.#next_id++;
    return await new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        this.#waiting.delete(id);
        reject(unavailable(this.name));
      }, deadline_ms);
      this.#waiting.set(id, { resolve, reject, timer });
      this.#send(message(id));
    });
  }

  #answer(id: number, answer: EngineResponse | RunnerStats): void {
    const waiting = this.#waiting.get(id);
    if (!waiting) return;
    this.#waiting.delete(id);
    clearTimeout(waiting.timer);
    waiting.resolve(answer);
  }

  #dropWaiting(): void {
    for (const { reject, timer } of this.#waiting.values()) {
      clearTimeout(timer);
      reject(unavailable(this.name));
    }
    this.#waiting.clear();
  }
}

function unavailable(name: string): Problem {
  return new Problem(503, {
    code: "engine_unavailable",
    detail: `engine ${name} is not running right now`,
    headers: { "retry-after": "1" },
  });
}
