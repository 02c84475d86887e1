import type { Contract, StreamContracts } from "../contracts/contract.ts";
import type { EventEnvelope } from "../contracts/envelope.ts";
import { streams } from "../contracts/index.ts";
import type { Transaction } from "../platform/database/database.ts";
import { ENGINES } from "../platform/database/roles.ts";
import { appendEvents } from "../platform/events/ledger.ts";
import type { Log } from "../platform/observability/log.ts";
import type { Tracing } from "../platform/observability/tracing.ts";
import type { StreamEntry } from "../platform/streams/streams.ts";
import type { EngineDefinition } from "../sdk/engine.ts";
import type { EmittedBatch, Emitting } from "./emitting.ts";
import { withEventSpans } from "./event-spans.ts";
import { HandlerTimeout, VersionUnknown } from "./failure.ts";
import { type Handlers, handlersOf } from "./handlers.ts";
import type { EngineManifest } from "./manifest.ts";
import { engineBatchRole, engineRole } from "./names.ts";
import { type KnownTenant, known, type TenantSettings } from "./tenant-settings.ts";

/** Events to be handled, and what the handlers are told of them. */
export interface DispatchInput {
  entries: readonly StreamEntry[];
  /** 1 for the first time. */
  attempt: number;
  /** True for an event that was handled once before a replay. */
  isReplay(entry: StreamEntry): boolean;
  stopping: AbortSignal;
}

export interface DispatchParts {
  definition: EngineDefinition;
  manifest: EngineManifest;
  settings: TenantSettings;
  emitting: Emitting;
  /** What this program knows of the streams' events. */
  contracts?: KnownContracts | undefined;
  tracing: Tracing;
  log: Log;
}

/** Contracts by stream and event type; every program has those of its own version. */
export type KnownContracts = Readonly<Record<string, StreamContracts>>;

/** Hands the events of a batch to an engine's handlers, under the engine's role, in the batch's transaction. */
export class Dispatch {
  readonly #parts: DispatchParts;
  readonly #handlers: Handlers;
  readonly #contracts: KnownContracts;

  constructor(parts: DispatchParts) {
    this.#parts = parts;
    this.#handlers = handlersOf(parts.definition);
    this.#contracts = parts.contracts ?? { ...streams };
  }

  /** Runs the handlers in order and appends what they emit. The transaction is the host's again when it returns. */
  async run(tx: Transaction, input: DispatchInput): Promise<{ emitted: number }> {
    const { manifest, tracing } = this.#parts;
    const entries = input.entries.filter((entry) => manifest.subscriptions[entry.stream]?.includes(entry.event_type));
    if (entries.length === 0) return { emitted: 0 };
    return await withEventSpans(tracing, manifest.name, { ...input, entries }, (traced) =>
      this.#handle(tx, traced, input),
    );
  }

  async #handle(tx: Transaction, all: readonly StreamEntry[], input: DispatchInput): Promise<{ emitted: number }> {
    const { settings, emitting } = this.#parts;
    const tenants = await settings.load(tx, new Set(all.map(({ tenant_id }) => tenant_id)));
    // Of a shop that was deleted only envelopes are left.
    const entries = all.filter(({ tenant_id }) => tenants.has(tenant_id));
    if (entries.length === 0) return { emitted: 0 };
    const events = entries.map((entry) => parsed(entry, this.#contracts[entry.stream]?.[entry.event_type]));
    const emitted = emitting.batch();
    for (const [stream, { types, run }] of this.#handlers.batch) {
      const mine = events.filter((event) => event.stream === stream && types.has(event.event_type));
      if (mine.length > 0) await this.#runBatch(tx, mine, run, tenants, emitted, input);
    }
    for (const [i, event] of events.entries()) {
      const run = this.#handlers.single.get(`${event.stream} ${event.event_type}`);
      const entry = entries[i];
      if (run && entry)
        await this.#runSingle(tx, event, run, known(tenants, event.tenant_id), emitted, input, input.isReplay(entry));
    }
    // Not waited for: it travels with the statement that follows. Should it fail, so does that one.
    tx.bind({ role: ENGINES, schema: "public" }).catch(() => undefined);
    const causes = new Map(entries.map((entry) => [entry.event_id, entry]));
    const fresh = emitted.events.filter(({ causation_id, tenant_id }) => {
      const cause = causes.get(causation_id ?? "");
      return cause !== undefined && !input.isReplay(cause) && known(tenants, tenant_id).enabled;
    });
    await appendEvents(tx, fresh);
    return { emitted: fresh.length };
  }

  async #runBatch(
    tx: Transaction,
    events: EventEnvelope[],
    run: (events: never, ctx: never) => Promise<void>,
    tenants: ReadonlyMap<string, KnownTenant>,
    emitted: EmittedBatch,
    input: DispatchInput,
  ): Promise<void> {
    const { name } = this.#parts.manifest;
    const replaying = input.entries.every((entry) => input.isReplay(entry));
    const bound = tx.bind({ role: engineBatchRole(name), schema: engineRole(name) });
    const handled = this.#deadline(input.stopping, (signal) =>
      run(
        events as never,
        {
          db: tx,
          tenantOf: async (tenant_id: string) => known(tenants, tenant_id).tenant,
          configOf: async (tenant_id: string) => known(tenants, tenant_id).config,
          replaying,
          emit: emitted.emit,
          log: this.#parts.log,
          signal,
        } as never,
      ),
    );
    await Promise.all([bound, handled]);
  }

  async #runSingle(
    tx: Transaction,
    event: EventEnvelope,
    run: (event: never, ctx: never) => Promise<void>,
    { tenant, config }: KnownTenant,
    emitted: EmittedBatch,
    { attempt, stopping }: DispatchInput,
    replaying: boolean,
  ): Promise<void> {
    const role = engineRole(this.#parts.manifest.name);
    // One round trip with the handler's first statement, which the server gets behind it.
    const bound = tx.bind({ role, tenant_id: event.tenant_id, schema: role });
    const handled = this.#deadline(stopping, (signal) =>
      run(
        event as never,
        {
          db: tx,
          tenant,
          config,
          attempt,
          replaying,
          emit: (event_type: string, payload: unknown) => emitted.emit(event, event_type, payload),
          log: this.#parts.log,
          signal,
        } as never,
      ),
    );
    await Promise.all([bound, handled]);
  }

  /** A handler that does not end in time is given up; its transaction is rolled back under it. */
  async #deadline(stopping: AbortSignal, work: (signal: AbortSignal) => Promise<void>): Promise<void> {
    const limit = this.#parts.manifest.handler_timeout_ms;
    const late = new AbortController();
    let timer: ReturnType<typeof setTimeout> | undefined;
    const timeout = new Promise<never>((_, reject) => {
      timer = setTimeout(() => {
        late.abort();
        reject(new HandlerTimeout(`a handler took longer than ${limit} ms`));
      }, limit);
    });
    try {
      await Promise.race([work(AbortSignal.any([stopping, late.signal])), timeout]);
    } finally {
      clearTimeout(timer);
    }
  }
}

/** The envelope with its payload parsed and lifted to the newest version known. */
function parsed(entry: StreamEntry, contract: Contract | undefined): EventEnvelope {
  const { prev: _, payload, ...envelope } = entry;
  const event: EventEnvelope = { ...envelope, payload: JSON.parse(payload) };
  if (!contract) return event;
  if (entry.version > contract.version) {
    throw new VersionUnknown(`${entry.event_type} version ${entry.version}, known is ${contract.version}`);
  }
  for (let version = entry.version; version < contract.version; version++) {
    const upcast = contract.upcasters?.[version];
    if (!upcast) throw new VersionUnknown(`${entry.event_type} version ${version} has no upcaster`);
    event.payload = upcast(event.payload);
    event.version = version + 1;
  }
  return event;
}
