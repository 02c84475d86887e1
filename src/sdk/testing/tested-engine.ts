import type { Static } from "typebox";
import { type DeadEvent, deadEvents } from "../../engine-host/dead-letters.ts";
import type { EngineRoutes } from "../../engine-host/engine-routes.ts";
import type { EngineConfig, EngineManifest } from "../../engine-host/manifest.ts";
import { engineRole } from "../../engine-host/names.ts";
import type { Environment } from "../../engine-host/operator-settings.ts";
import { changeSetting, type TenantSettings } from "../../engine-host/tenant-settings.ts";
import type { EmbeddedDatabase } from "../../platform/database/embedded.ts";
import { OWNER } from "../../platform/database/roles.ts";
import { Problem } from "../../platform/http/problem.ts";
import type { PartitionPosition } from "../../platform/streams/streams.ts";
import type { Tenant } from "../../platform/tenancy/tenant.ts";
import type { EngineTenant, EngineUser, Parameter, Row } from "../context.ts";
import type { EmitContracts } from "../emits.ts";
import type { EventEnvelope, EventOf, EventType, StreamName } from "../events.ts";
import { emptyAll } from "./emptying.ts";
import { type EventDetails, type FedEvent, newEvent, type UncheckedEvent } from "./fed-event.ts";
import type { LogLine } from "./log-lines.ts";
import type { Processing } from "./processing.ts";

export interface FeedOptions {
  /** A handler may throw: what became of the event is for `parked()` and `dead()` to tell. */
  may_fail?: boolean;
}

export interface RequestOptions {
  /** Slug of the shop; the first one unless given. */
  tenant?: string;
  /** Who asks; an admin unless given. */
  user?: Partial<EngineUser>;
  /** `Idempotency-Key` of a POST. */
  key?: string;
}

/** An answer of the engine's routes; `body` is parsed where it is JSON. */
export interface TestResponse<Body = unknown> {
  status: number;
  headers: Record<string, string>;
  body: Body;
}

export interface TestedEngineParts {
  database: EmbeddedDatabase;
  manifest: EngineManifest;
  settings: TenantSettings;
  routes: EngineRoutes;
  processing: Processing;
  tenants: ReadonlyMap<string, Tenant>;
  lines: LogLine[];
  operate(environment: Environment): void;
  /** The engine's own `stop`. */
  stop(): Promise<void>;
}

const USER: EngineUser = { id: "018f0000-0000-7000-8000-00000000000a", role: "admin" };

/** An engine on a real database in this process, driven as the host drives it: same roles, same transactions, same order. */
export class TestedEngine<Config, Emits extends EmitContracts> {
  readonly #parts: TestedEngineParts;

  constructor(parts: TestedEngineParts) {
    this.#parts = parts;
  }

  /** What the engine and its host logged since the last `clear`. */
  get logs(): readonly LogLine[] {
    return this.#parts.lines;
  }

  /** A shop of the test, the first one unless a slug is given. */
  tenant(slug?: string): EngineTenant {
    return this.#tenant(slug);
  }

  /** Appends one event to the ledger and has everything that is new handled. Rejects with what a handler throws. */
  async feed<S extends StreamName, T extends EventType<S>>(
    stream: S,
    event_type: T,
    payload: EventOf<S, T>["payload"],
    details?: EventDetails & FeedOptions,
  ): Promise<EventEnvelope[]>;
  /** The same for several events, which the engine gets in as few batches as it may. */
  async feed(events: readonly FedEvent[], options?: FeedOptions): Promise<EventEnvelope[]>;
  /**
   * The same in batches of your choice, one after the other: what an engine makes of a history must not depend on how it
   * was cut. A batch that is longer than the engine's `batch_size` is handled in several.
   */
  async feed(batches: readonly (readonly FedEvent[])[], options?: FeedOptions): Promise<EventEnvelope[]>;
  async feed(
    first: string | readonly FedEvent[] | readonly (readonly FedEvent[])[],
    second: string | FeedOptions = {},
    payload: object = {},
    details: EventDetails & FeedOptions = {},
  ): Promise<EventEnvelope[]> {
    if (typeof first !== "string") {
      const options = typeof second === "string" ? {} : second;
      if (!isInBatches(first)) return await this.#feed(first, options);
      const fed: EventEnvelope[] = [];
      for (const batch of first) fed.push(...(await this.#feed(batch, options)));
      return fed;
    }
    const { may_fail, ...given } = details;
    return await this.#feed([{ ...given, stream: first, event_type: String(second), payload }], { may_fail });
  }

  /** One more attempt for every event that waits for its time, as if that had come, and for those behind it. */
  async retry(): Promise<void> {
    await this.#parts.processing.retry();
  }

  /** Runs a job once; rejects with what it throws. */
  async runJob(name: string): Promise<void> {
    await this.#parts.processing.runJob(name);
  }

  /** Empties what the engine derived, calls its `reset`, and has the whole history handled again. */
  async replay({ may_fail = false }: FeedOptions = {}): Promise<void> {
    await this.#parts.processing.replay(may_fail);
  }

  /** Calls one of the engine's routes by its path below `/api/v1/engines/<name>`. */
  async request<Body = unknown>(
    method: string,
    path: string,
    body?: unknown,
    { tenant, user, key }: RequestOptions = {},
  ): Promise<TestResponse<Body>> {
    const answer = await this.#parts.routes.handle({
      request_id: "test",
      method,
      path,
      body: body === undefined ? null : JSON.stringify(body),
      key: key ?? null,
      tenant: this.#tenant(tenant),
      actor: { ...USER, ...user },
    });
    const text = new TextDecoder().decode(answer.body);
    const isJson = /\bjson\b/.test(answer.headers["content-type"] ?? "");
    return { status: answer.status, headers: answer.headers, body: isJson ? JSON.parse(text) : text };
  }

  /**
   * Reads the engine's tables: with a tenant under the engine's role, so only what that shop may see; without one every
   * tenant's rows.
   */
  async query<T extends Row = Row>(
    sql: string,
    parameters: readonly Parameter[] = [],
    { tenant }: { tenant?: string } = {},
  ): Promise<T[]> {
    const { database, manifest } = this.#parts;
    const schema = engineRole(manifest.name);
    const scope = tenant === undefined ? { role: OWNER } : { role: schema, tenant_id: this.#tenant(tenant).tenant_id };
    return await database.transaction({ ...scope, schema }, (tx) => tx.query<T>(sql, parameters));
  }

  /** What the engine published, in order; of one type when that is given. */
  async emitted<T extends keyof Emits & string>(
    event_type?: T,
  ): Promise<EventEnvelope<T, Static<Emits[T]["payload"]>>[]> {
    return await this.#parts.database.query<EventEnvelope<T, Static<Emits[T]["payload"]>> & Row>(
      "select * from event_log where stream = $1 and ($2::text is null or event_type = $2) order by seq",
      [this.#parts.manifest.name, event_type ?? null],
    );
  }

  /** Events that wait for another attempt, or behind one of their key. */
  async parked(): Promise<DeadEvent[]> {
    return await this.#failed("parked");
  }

  /** Events that are tried no more. */
  async dead(): Promise<DeadEvent[]> {
    return await this.#failed("dead");
  }

  /** Where the engine stands in each partition it has come to. */
  async positions(): Promise<PartitionPosition[]> {
    return await this.#parts.processing.positions();
  }

  /** Switches the engine for a shop or changes its configuration there; at once. */
  async configure(
    { enabled, config }: { enabled?: boolean; config?: Partial<Config> },
    { tenant }: { tenant?: string } = {},
  ): Promise<void> {
    const { database, manifest, settings } = this.#parts;
    const given: EngineConfig | undefined = config && { ...config };
    const { tenant_id } = this.#tenant(tenant);
    const now = await settings.of(tenant_id);
    // A shop that has set nothing yet is switched on by being set.
    const setting = { enabled: enabled ?? (now.enabled || now.unset.length > 0), config: given };
    try {
      await database.transaction({ role: OWNER }, (tx) => changeSetting(tx, manifest, tenant_id, setting));
    } catch (error) {
      const [problem] = (error instanceof Problem && error.errors) || [];
      throw problem ? new TypeError(`${problem.path} ${problem.message}`) : error;
    }
    settings.forget(tenant_id);
  }

  /** Has the engine find these variables in its host's environment, and no others. Throws when it would not start so. */
  operate(environment: Environment): void {
    this.#parts.operate(environment);
  }

  /** As if nothing had happened yet: no events, no rows, nothing parked. Shops keep their configuration. */
  async clear(): Promise<void> {
    await emptyAll(this.#parts.database, this.#parts.manifest.name);
    this.#parts.lines.length = 0;
  }

  async close(): Promise<void> {
    await this.#parts.stop();
    await this.#parts.database.close();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  #tenant(slug: string | undefined): Tenant {
    const { tenants } = this.#parts;
    const found = slug === undefined ? tenants.values().next().value : tenants.get(slug);
    if (!found) throw new TypeError(`the test has no shop ${slug}; it has ${[...tenants.keys()].join(", ")}`);
    return found;
  }

  async #feed(events: readonly UncheckedEvent[], { may_fail = false }: FeedOptions): Promise<EventEnvelope[]> {
    const fed = events.map((event) => newEvent(event, this.#tenant(event.tenant).tenant_id));
    return await this.#parts.processing.feed(fed, may_fail);
  }

  async #failed(state: "parked" | "dead"): Promise<DeadEvent[]> {
    const { database, manifest } = this.#parts;
    const filter = { engine: manifest.name, state };
    return await database.transaction({ role: OWNER }, (tx) => deadEvents(tx, filter, 1000));
  }
}

function isInBatches(
  events: readonly FedEvent[] | readonly (readonly FedEvent[])[],
): events is readonly (readonly FedEvent[])[] {
  return Array.isArray(events[0]);
}
