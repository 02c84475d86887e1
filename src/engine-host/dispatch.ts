import type { EventEnvelope } from "../contracts/envelope.ts";
import type { Transaction } from "../platform/database/database.ts";
import { ENGINES } from "../platform/database/roles.ts";
import type { Log } from "../platform/observability/log.ts";
import type { StreamEntry } from "../platform/streams/streams.ts";
import type { EngineDefinition } from "../sdk/engine.ts";
import type { EngineManifest } from "./manifest.ts";
import { engineBatchRole, engineRole } from "./names.ts";
import type { TenantSettings } from "./tenant-settings.ts";

/** A handler took longer than it may. */
export class HandlerTimeout extends Error {
  readonly code = "handler_timeout";
}

interface Handlers {
  /** By `stream event_type`. */
  single: Map<string, (event: never, ctx: never) => Promise<void>>;
  /** By stream. */
  batch: Map<string, { types: ReadonlySet<string>; run: (events: never, ctx: never) => Promise<void> }>;
}

/** Hands the events of a batch to an engine's handlers, under the engine's role, in the batch's transaction. */
export class Dispatch {
  readonly #manifest: EngineManifest;
  readonly #handlers: Handlers;
  readonly #settings: TenantSettings;
  readonly #log: Log;

  constructor(definition: EngineDefinition, manifest: EngineManifest, settings: TenantSettings, log: Log) {
    this.#manifest = manifest;
    this.#handlers = handlersOf(definition);
    this.#settings = settings;
    this.#log = log;
  }

  /** Runs the handlers over `entries`, in order. The transaction is the host's again when it returns. */
  async run(tx: Transaction, entries: readonly StreamEntry[], stopping: AbortSignal): Promise<void> {
    const events = entries.filter((entry) => this.#manifest.subscriptions[entry.stream]?.includes(entry.event_type));
    if (events.length === 0) return;
    for (const [stream, { types, run }] of this.#handlers.batch) {
      const mine = events.filter((event) => event.stream === stream && types.has(event.event_type)).map(parsed);
      if (mine.length > 0) await this.#runBatch(tx, mine, run, stopping);
    }
    for (const event of events) {
      const run = this.#handlers.single.get(`${event.stream} ${event.event_type}`);
      if (run) await this.#runSingle(tx, parsed(event), run, stopping);
    }
    await tx.bind({ role: ENGINES, schema: "public" });
  }

  async #runBatch(
    tx: Transaction,
    events: EventEnvelope[],
    run: (events: never, ctx: never) => Promise<void>,
    stopping: AbortSignal,
  ): Promise<void> {
    const { name } = this.#manifest;
    await tx.bind({ role: engineBatchRole(name), schema: engineRole(name) });
    await this.#deadline(stopping, (signal) =>
      run(
        events as never,
        {
          db: tx,
          configOf: async (tenant_id: string) => (await this.#settings.of(tenant_id)).config,
          log: this.#log,
          signal,
        } as never,
      ),
    );
  }

  async #runSingle(
    tx: Transaction,
    event: EventEnvelope,
    run: (event: never, ctx: never) => Promise<void>,
    stopping: AbortSignal,
  ): Promise<void> {
    const { name } = this.#manifest;
    const { config } = await this.#settings.of(event.tenant_id);
    await tx.bind({ role: engineRole(name), tenant_id: event.tenant_id, schema: engineRole(name) });
    await this.#deadline(stopping, (signal) =>
      run(event as never, { db: tx, config, log: this.#log, signal } as never),
    );
  }

  async #deadline(stopping: AbortSignal, work: (signal: AbortSignal) => Promise<void>): Promise<void> {
    const limit = this.#manifest.handler_timeout_ms;
    const signal = AbortSignal.any([stopping, AbortSignal.timeout(limit)]);
    const late = new Promise<never>((_, reject) => {
      signal.addEventListener("abort", () => reject(new HandlerTimeout(`a handler took longer than ${limit} ms`)), {
        once: true,
      });
    });
    await Promise.race([work(signal), late]);
  }
}

function parsed(entry: StreamEntry): EventEnvelope {
  const { prev: _, payload, ...envelope } = entry;
  return { ...envelope, payload: JSON.parse(payload) };
}

function handlersOf(definition: EngineDefinition): Handlers {
  const handlers: Handlers = { single: new Map(), batch: new Map() };
  for (const [stream, subscription] of Object.entries(definition.subscriptions)) {
    if (!subscription) continue;
    if ("batch" in subscription && "event_types" in subscription) {
      handlers.batch.set(stream, { types: new Set(subscription.event_types), run: subscription.batch });
      continue;
    }
    for (const [type, run] of Object.entries(subscription)) {
      if (typeof run === "function") handlers.single.set(`${stream} ${type}`, run);
    }
  }
  return handlers;
}
