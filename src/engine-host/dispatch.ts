import type { Contract, StreamContracts } from "../contracts/contract.ts";
import type { EventEnvelope } from "../contracts/envelope.ts";
import { streams } from "../contracts/index.ts";
import type { Scope, Transaction } from "../platform/database/database.ts";
import { ENGINES } from "../platform/database/roles.ts";
import type { NewEvent } from "../platform/events/ledger.ts";
import type { Log } from "../platform/observability/log.ts";
import type { Tracing } from "../platform/observability/tracing.ts";
import type { StreamEntry } from "../platform/streams/streams.ts";
import type { EngineDb } from "../sdk/context.ts";
import type { EngineDefinition } from "../sdk/engine.ts";
import type { EmittedBatch, Emitting } from "./emitting.ts";
import { withEventSpans } from "./event-spans.ts";
import { VersionUnknown } from "./failure.ts";
import { type Handlers, handlersOf } from "./handlers.ts";
import { inLanes } from "./lanes.ts";
import { lend } from "./lent.ts";
import type { EngineManifest } from "./manifest.ts";
import { engineBatchRole, engineRole } from "./names.ts";
import { ShopTurns } from "./shop-turns.ts";
import { type KnownTenant, known, type TenantSettings } from "./tenant-settings.ts";

/** Shops whose events are handled at a time: their statements travel together instead of each waiting for an answer. */
const SHOPS_AT_A_TIME = 8;

/** Events to be handled, and what the handlers are told of them. */
export interface DispatchInput {
  entries: readonly StreamEntry[];
  /** 1 for the first time. */
  attempt: number;
  /** True for an event that was handled once before a replay. */
  isReplay(entry: StreamEntry): boolean;
  stopping: AbortSignal;
  /** What the transaction was begun with for these entries. */
  opening?: Opening | undefined;
}

/** What handling some entries begins with, where all of their shops are known: its transaction can begin with it, too. */
export interface Opening {
  tenants: ReadonlyMap<string, KnownTenant>;
  /** Whom the first handler works as. */
  scope: Scope;
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

interface BatchSurroundings {
  tenants: ReadonlyMap<string, KnownTenant>;
  emitted: EmittedBatch;
  replaying: boolean;
  stopping: AbortSignal;
  /** Whether the transaction is at its handlers' role. */
  bound: boolean;
}

/** An event, and whether it is read again. */
interface Told {
  event: EventEnvelope;
  replaying: boolean;
}

interface SingleEvent extends Told {
  run: (event: never, ctx: never) => Promise<void>;
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

  /** Has what handling these events needs to know of their shops read through `tx`, where it is not known. */
  async prepare(tx: Transaction, entries: readonly StreamEntry[]): Promise<void> {
    await this.#parts.settings.load(tx, tenantsOf(this.#subscribed(entries)));
  }

  /** How handling these entries begins; undefined when something of their shops has to be read first. */
  opening(entries: readonly StreamEntry[]): Opening | undefined {
    const { settings, manifest } = this.#parts;
    const mine = this.#subscribed(entries);
    const tenants = settings.kept(tenantsOf(mine));
    const [first] = mine;
    if (!tenants || !first) return undefined;
    const schema = engineRole(manifest.name);
    const inBatch = mine.some(({ stream, event_type }) => this.#handlers.batch.get(stream)?.types.has(event_type));
    if (inBatch) return { tenants, scope: { role: engineBatchRole(manifest.name), schema } };
    return { tenants, scope: { role: engineRole(manifest.name), schema, tenant_id: first.tenant_id } };
  }

  /**
   * Runs the handlers, of each key in order. The transaction is the host's again when it returns, with what they emit: to
   * be appended last, behind everything that may have to wait for a lock.
   */
  async run(tx: Transaction, input: DispatchInput): Promise<NewEvent[]> {
    const { manifest, tracing } = this.#parts;
    const entries = this.#subscribed(input.entries);
    if (entries.length === 0) return [];
    return await withEventSpans(tracing, manifest.name, { ...input, entries }, (traced) =>
      this.#handle(tx, traced, input),
    );
  }

  #subscribed(entries: readonly StreamEntry[]): StreamEntry[] {
    const { subscriptions } = this.#parts.manifest;
    return entries.filter((entry) => subscriptions[entry.stream]?.includes(entry.event_type));
  }

  async #handle(tx: Transaction, all: readonly StreamEntry[], input: DispatchInput): Promise<NewEvent[]> {
    const { settings, emitting } = this.#parts;
    const tenants = input.opening?.tenants ?? (await settings.load(tx, tenantsOf(all)));
    // Of a shop that was deleted only envelopes are left.
    const entries = all.filter(({ tenant_id }) => tenants.has(tenant_id));
    if (entries.length === 0) return [];
    const events = entries.map(
      (entry): Told => ({
        event: parsed(entry, this.#contracts[entry.stream]?.[entry.event_type]),
        replaying: input.isReplay(entry),
      }),
    );
    const emitted = emitting.batch();
    /** Whom the transaction was begun for, until somebody has worked in it. */
    let opened = input.opening?.scope;
    for (const [stream, { types, run }] of this.#handlers.batch) {
      const mine = events.filter(({ event }) => event.stream === stream && types.has(event.event_type));
      for (const { replaying, events: part } of callsOf(mine)) {
        const bound = opened !== undefined;
        opened = undefined;
        await this.#runBatch(tx, part, run, { tenants, emitted, replaying, stopping: input.stopping, bound });
      }
    }
    const singles = events.flatMap((one): SingleEvent[] => {
      const run = this.#handlers.single.get(`${one.event.stream} ${one.event.event_type}`);
      return run ? [{ ...one, run }] : [];
    });
    await this.#runSingles(tx, singles, { tenants, emitted, opened }, input);
    // Not waited for: it travels with the statement that follows. Should it fail, so does that one.
    tx.bind({ role: ENGINES, schema: "public" }).catch(() => undefined);
    const causes = new Map(entries.map((entry) => [entry.event_id, entry]));
    return emitted.close().filter(({ causation_id, tenant_id }) => {
      const cause = causes.get(causation_id ?? "");
      return cause !== undefined && !input.isReplay(cause) && known(tenants, tenant_id).enabled;
    });
  }

  async #runBatch(
    tx: Transaction,
    events: EventEnvelope[],
    run: (events: never, ctx: never) => Promise<void>,
    { tenants, emitted, replaying, stopping, bound }: BatchSurroundings,
  ): Promise<void> {
    const { name } = this.#parts.manifest;
    const binding = bound ? undefined : tx.bind({ role: engineBatchRole(name), schema: engineRole(name) });
    const handled = this.#call(tx, stopping, (db, signal) =>
      run(
        events as never,
        {
          db,
          tenantOf: async (tenant_id: string) => known(tenants, tenant_id).tenant,
          configOf: async (tenant_id: string) => known(tenants, tenant_id).config,
          replaying,
          emit: emitted.emit,
          log: this.#parts.log,
          signal,
        } as never,
      ),
    );
    await Promise.all([binding, handled]);
  }

  /**
   * Events by their handlers: a few shops at a time, whose rows are apart whatever the handlers do, and of each shop as
   * many keys at a time as the engine says it can take.
   */
  async #runSingles(
    tx: Transaction,
    events: readonly SingleEvent[],
    { tenants, emitted, opened }: Pick<BatchSurroundings, "tenants" | "emitted"> & { opened: Scope | undefined },
    input: DispatchInput,
  ): Promise<void> {
    if (events.length === 0) return;
    const { manifest } = this.#parts;
    const role = engineRole(manifest.name);
    // One round trip with the first handlers' first statements, which the server gets behind it.
    const binding = opened ? undefined : tx.bind({ role, schema: role });
    const turns = new ShopTurns(tx, opened?.tenant_id);
    const handled = inLanes(
      [...Map.groupBy(events, ({ event }) => event.tenant_id)],
      SHOPS_AT_A_TIME,
      ([tenant_id]) => tenant_id,
      ([tenant_id, mine]) =>
        inLanes(
          mine,
          manifest.concurrency,
          ({ event }) => `${event.stream} ${event.key}`,
          (single) => this.#runSingle(tx, single, known(tenants, tenant_id), turns, emitted, input),
        ),
    );
    for (const outcome of await Promise.allSettled([binding, handled])) {
      if (outcome.status === "rejected") throw outcome.reason;
    }
  }

  async #runSingle(
    tx: Transaction,
    { event, run, replaying }: SingleEvent,
    { tenant, config }: KnownTenant,
    turns: ShopTurns,
    emitted: EmittedBatch,
    { attempt, stopping }: DispatchInput,
  ): Promise<void> {
    const { log } = this.#parts;
    const emit = (event_type: string, payload: unknown) => emitted.emit(event, event_type, payload);
    const before = () => turns.take(tenant.tenant_id);
    await this.#call(
      tx,
      stopping,
      (db, signal) => run(event as never, { db, tenant, config, attempt, replaying, emit, log, signal } as never),
      before,
    );
  }

  /** A handler that does not end in time is given up; its transaction is rolled back under it. */
  async #call(
    tx: Transaction,
    stopping: AbortSignal,
    work: (db: EngineDb, signal: AbortSignal) => Promise<void>,
    before: () => void = () => undefined,
  ): Promise<void> {
    const limit_ms = this.#parts.manifest.handler_timeout_ms;
    await lend(tx, { limit_ms, before }, (db, late) => work(db, AbortSignal.any([stopping, late])));
  }
}

/**
 * What goes into one call of a batch handler: events that are read again, or none; in order in every partition, and as few
 * calls as that takes.
 */
function callsOf(events: readonly Told[]): { replaying: boolean; events: EventEnvelope[] }[] {
  const calls = [];
  const lanes = events.some(({ replaying }) => replaying)
    ? [...Map.groupBy(events, ({ event }) => event.partition).values()]
    : [[...events]];
  let left = events.length;
  for (let replaying = true; left > 0; replaying = !replaying) {
    const part = lanes.flatMap((lane) => {
      const end = lane.findIndex((one) => one.replaying !== replaying);
      return lane.splice(0, end === -1 ? lane.length : end);
    });
    left -= part.length;
    if (part.length > 0) calls.push({ replaying, events: part.map(({ event }) => event) });
  }
  return calls;
}

function tenantsOf(entries: readonly StreamEntry[]): Set<string> {
  return new Set(entries.map(({ tenant_id }) => tenant_id));
}

/** The envelope with its payload parsed and lifted to the newest version known. */
function parsed(entry: StreamEntry, contract: Contract | undefined): EventEnvelope {
  // Written out: taking a few fields away from a copy costs several times as much.
  const event: EventEnvelope = {
    event_id: entry.event_id,
    event_type: entry.event_type,
    version: entry.version,
    tenant_id: entry.tenant_id,
    stream: entry.stream,
    partition: entry.partition,
    hops: entry.hops,
    key: entry.key,
    seq: entry.seq,
    occurred_at: entry.occurred_at,
    trace: entry.trace,
    causation_id: entry.causation_id,
    payload: JSON.parse(entry.payload),
  };
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
