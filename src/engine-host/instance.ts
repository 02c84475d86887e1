import type { Database } from "../platform/database/database.ts";
import { LedgerReader } from "../platform/events/ledger-reader.ts";
import type { Log } from "../platform/observability/log.ts";
import type { EventStreams } from "../platform/streams/streams.ts";
import type { EngineDefinition } from "../sdk/engine.ts";
import { Batches } from "./batches.ts";
import { Dispatch } from "./dispatch.ts";
import { type EngineRequest, type EngineResponse, EngineRoutes } from "./engine-routes.ts";
import { installEngine, isInstalled } from "./install.ts";
import { type EngineManifest, InvalidEngine, manifestOf } from "./manifest.ts";
import { EnginePositions } from "./positions.ts";
import { Runner, type RunnerStats } from "./runner.ts";
import { TenantSettings } from "./tenant-settings.ts";

export interface InstanceParts {
  /** Logged in as the engines' role. */
  database: Database;
  /** Where engines may be installed at start: a login that may become the owner. */
  installer: Database | undefined;
  streams: EventStreams;
  log: Log;
}

/** One running engine: its batches and its routes. Lives in a Worker, or in the host's thread in embedded mode. */
export class EngineInstance {
  readonly manifest: EngineManifest;
  readonly #definition: EngineDefinition;
  readonly #parts: InstanceParts;
  readonly #runner: Runner;
  readonly #routes: EngineRoutes;

  constructor(definition: EngineDefinition, parts: InstanceParts) {
    const { database, streams, log } = parts;
    this.manifest = manifestOf(definition);
    this.#definition = definition;
    this.#parts = parts;
    const settings = new TenantSettings(database, this.manifest);
    const positions = new EnginePositions(database, this.manifest);
    const dispatch = new Dispatch(definition, this.manifest, settings, log);
    const batches = new Batches(database, this.manifest, positions, dispatch);
    const ledger = new LedgerReader(database);
    this.#runner = new Runner({ database, ledger, streams, manifest: this.manifest, positions, batches, log });
    this.#routes = new EngineRoutes(database, definition, this.manifest, settings, log);
  }

  async start(): Promise<void> {
    const { installer, database, log } = this.#parts;
    if (installer) {
      const applied = await installEngine(installer, this.#definition);
      if (applied.length > 0) log.info({ applied }, "engine installed");
    } else if (!(await isInstalled(database, this.#definition))) {
      const { name, version } = this.manifest;
      throw new InvalidEngine(`engine ${name} ${version} is not installed here: run \`basecommerce engine install\``);
    }
    this.#runner.start();
  }

  get stats(): RunnerStats {
    return this.#runner.stats;
  }

  async handle(request: EngineRequest): Promise<EngineResponse> {
    return await this.#routes.handle(request);
  }

  /** Lets the batch in hand finish. */
  async stop(): Promise<void> {
    await this.#runner.stop();
  }
}
