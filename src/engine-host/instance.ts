import type { Database } from "../platform/database/database.ts";
import { LedgerReader } from "../platform/events/ledger-reader.ts";
import type { Log } from "../platform/observability/log.ts";
import type { Tracing } from "../platform/observability/tracing.ts";
import type { EventStreams } from "../platform/streams/streams.ts";
import type { EngineDefinition } from "../sdk/engine.ts";
import type { KnownContracts } from "./dispatch.ts";
import { type EngineRequest, type EngineResponse, EngineRoutes } from "./engine-routes.ts";
import { installEngine, isInstalled } from "./install.ts";
import { Jobs } from "./jobs.ts";
import { newOwner } from "./leases.ts";
import { buildMachinery } from "./machinery.ts";
import { type EngineManifest, InvalidEngine, manifestOf } from "./manifest.ts";
import { type Environment, readSettings, type ShownSettings } from "./operator-settings.ts";
import { PACE, type Pace } from "./pace.ts";
import { runReset } from "./reset.ts";
import { Runner, type RunnerStats } from "./runner.ts";
import { TenantSettings } from "./tenant-settings.ts";

export interface InstanceParts {
  /** Logged in as the engines' role. */
  database: Database;
  /** Where engines may be installed at start: a login that may become the owner. */
  installer: Database | undefined;
  streams: EventStreams;
  log: Log;
  /** Name under which it holds partitions; unique to this start of it. */
  owner?: string;
  pace?: Pace;
  tracing?: Tracing;
  /** Where operators' settings of engines stand; without it all have their defaults. */
  environment?: Environment;
  /** What is known of the streams' events, if not what this program knows. */
  contracts?: KnownContracts;
  /** Called before the engine's own `start`, which may never end. */
  starting?: () => void;
}

interface Running {
  runner: Runner;
  jobs: Jobs;
}

/** One running engine: its batches, jobs and routes. Lives in a Worker, or in the host's thread in embedded mode. */
export class EngineInstance {
  readonly manifest: EngineManifest;
  readonly #definition: EngineDefinition;
  readonly #parts: InstanceParts;
  readonly #settings: TenantSettings;
  readonly #routes: EngineRoutes;
  #running: Running | undefined;
  #settings_shown: ShownSettings = {};

  constructor(definition: EngineDefinition, parts: InstanceParts) {
    this.manifest = manifestOf(definition);
    this.#definition = definition;
    this.#parts = parts;
    this.#settings = new TenantSettings(parts.database, this.manifest);
    const { database, log } = parts;
    const [manifest, settings] = [this.manifest, this.#settings];
    this.#routes = new EngineRoutes({ database, definition, manifest, settings, log, published: this.#published });
  }

  async start(): Promise<void> {
    this.#settings_shown = readSettings(this.#definition, this.#parts.environment ?? {});
    const { installer, database, log } = this.#parts;
    if (installer) {
      const applied = await installEngine(installer, this.#definition);
      if (applied.length > 0) log.info({ applied }, "engine installed");
    } else if (!(await isInstalled(database, this.#definition))) {
      const { name, version } = this.manifest;
      throw new InvalidEngine(`engine ${name} ${version} is not installed here: run \`basecommerce engine install\``);
    }
    this.#parts.starting?.();
    await this.#definition.start?.();
    this.#running = await this.#build();
    this.#running.runner.start();
    this.#running.jobs.start();
  }

  /** What the operator has set, as people may see it. */
  get settings(): ShownSettings {
    return this.#settings_shown;
  }

  get stats(): RunnerStats | undefined {
    return this.#running?.runner.stats;
  }

  async handle(request: EngineRequest): Promise<EngineResponse> {
    return await this.#routes.handle(request);
  }

  /** Another instance has given partitions up: take them now. */
  rebalance(): void {
    this.#running?.runner.rebalance();
  }

  /** Lets the batch and the jobs in hand finish. */
  async stop(): Promise<void> {
    await Promise.all([this.#running?.runner.stop(), this.#running?.jobs.stop()]);
    await this.#definition.stop?.();
  }

  /** Tells the relay that there is news. */
  readonly #published = (): void => this.#parts.streams.wake();

  async #build(): Promise<Running> {
    const { database, streams, log, owner = newOwner(), pace = PACE, contracts, tracing } = this.#parts;
    const definition = this.#definition;
    const manifest = this.manifest;
    const settings = this.#settings;
    const shared = { database, definition, manifest, settings, log, owner, published: this.#published };
    const machinery = await buildMachinery({ ...shared, pace, contracts, tracing });
    const ledger = new LedgerReader(database);
    const reset = () => runReset(database, definition, manifest, log);
    return {
      runner: new Runner({ ...machinery, database, ledger, streams, manifest, reset, pace, log }),
      jobs: new Jobs(shared),
    };
  }
}
