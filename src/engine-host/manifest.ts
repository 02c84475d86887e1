import { type Static, type TObject, type TSchema, Type } from "typebox";
import { Check, Errors } from "typebox/value";
import { streams } from "../contracts/index.ts";
import { MAX_ERRORS } from "../platform/http/field-errors.ts";
import type { EngineDefinition, RetryPolicy } from "../sdk/engine.ts";
import { SDK_MAJOR } from "../sdk/version.ts";
import { type BodyLimits, LARGEST_BODY_BYTES } from "./body-limits.ts";
import { ENGINE_NAME, RESERVED_END } from "./names.ts";
import { scheduleProblem } from "./schedule.ts";

/** A folder's `engine.ts` does not export an engine that can run; the message says where and why. */
export class InvalidEngine extends Error {
  readonly code = "invalid_engine";
}

/** What the host knows of an engine without its code: plain data that crosses a Worker and is stored in `engine`. */
export interface EngineManifest {
  name: string;
  version: string;
  description: string;
  default_enabled: boolean;
  from: "beginning" | "now";
  /** Event types by stream. */
  subscriptions: Record<string, string[]>;
  /** True when a batch handler is given: the engine needs the role that sees every tenant's rows of its schema. */
  set_based: boolean;
  /** JSON Schema of the configuration per tenant. */
  config: TSchema;
  batch_size: number;
  /** Keys of one shop whose events are handled at a time. */
  concurrency: number;
  handler_timeout_ms: number;
  retry: Required<RetryPolicy>;
  /** A dead event keeps its key waiting. */
  strict: boolean;
  /** Tables that a replay leaves alone. */
  kept_tables: readonly string[];
  emits: readonly string[];
  jobs: readonly string[];
  has_routes: boolean;
  /** Bodies above the platform's limit that routes take. */
  body_limits: BodyLimits;
}

const Emitted = Type.Object({
  version: Type.Integer({ minimum: 1 }),
  key: Type.String({ minLength: 1 }),
  payload: Type.Object({}, { additionalProperties: true }),
});
const Retry = Type.Object(
  {
    attempts: Type.Optional(Type.Integer({ minimum: 1, maximum: 1000 })),
    first_pause_ms: Type.Optional(Type.Integer({ minimum: 1 })),
    longest_pause_ms: Type.Optional(Type.Integer({ minimum: 1 })),
  },
  { additionalProperties: false },
);

const Definition = Type.Object(
  {
    name: Type.String({ pattern: ENGINE_NAME }),
    version: Type.String({ pattern: "^\\d+\\.\\d+\\.\\d+(?:[-+].+)?$" }),
    description: Type.String({ minLength: 1, maxLength: 300 }),
    sdk: Type.Optional(Type.Integer({ minimum: 1 })),
    config: Type.Optional(Type.Object({}, { additionalProperties: true })),
    default_enabled: Type.Optional(Type.Boolean()),
    migrations: Type.Optional(
      Type.Array(Type.Object({ id: Type.String({ pattern: "^\\d{4}_[a-z0-9_]+$" }), up: Type.String() })),
    ),
    from: Type.Enum(["beginning", "now"]),
    subscriptions: Type.Record(Type.String(), Type.Unknown()),
    batch_size: Type.Optional(Type.Integer({ minimum: 1, maximum: 5000 })),
    concurrency: Type.Optional(Type.Integer({ minimum: 1, maximum: 100 })),
    handler_timeout_ms: Type.Optional(Type.Integer({ minimum: 10, maximum: 300_000 })),
    tables: Type.Optional(Type.Object({ kept: Type.Array(Type.String()) }, { additionalProperties: false })),
    emits: Type.Optional(Type.Record(Type.String(), Emitted)),
    retry: Type.Optional(Retry),
    ordered: Type.Optional(Type.Enum(["released", "strict"])),
    jobs: Type.Optional(Type.Record(Type.String(), Type.Unknown())),
    routes: Type.Optional(Type.Unknown()),
    body_limits: Type.Optional(
      Type.Record(
        Type.String({ pattern: "^(POST|PUT|PATCH) /\\S+$" }),
        Type.Integer({ minimum: 1, maximum: LARGEST_BODY_BYTES }),
        { additionalProperties: false },
      ),
    ),
    settings: Type.Optional(Type.Unknown()),
    start: Type.Optional(Type.Unknown()),
    stop: Type.Optional(Type.Unknown()),
    reset: Type.Optional(Type.Unknown()),
  },
  { additionalProperties: false },
);

/** Checks what a module exports and gives its definition; throws `InvalidEngine`. */
export function checkedDefinition(exported: unknown, source: string): EngineDefinition {
  const fail = (reason: string): never => {
    throw new InvalidEngine(`${source}: ${reason}`);
  };
  if (typeof exported !== "object" || exported === null) {
    return fail("the default export is not an engine; use `export default defineEngine({ … })`");
  }
  if (!Check(Definition, exported)) {
    const [first] = Errors(Definition, exported);
    return fail(first ? `${first.instancePath || "the definition"} ${reasonOf(first)}` : "the definition does not fit");
  }
  const definition = exported as EngineDefinition;
  if (definition.name.endsWith(RESERVED_END)) return fail(`name: may not end in ${RESERVED_END}`);
  for (const [stream, subscription] of Object.entries(definition.subscriptions)) {
    // A stream that no vertical writes is another engine's: what it carries is known when it is there.
    const known = Object.entries(streams).find(([name]) => name === stream)?.[1];
    for (const type of eventTypesOf(subscription)) {
      if (known && !(type in known)) return fail(`subscriptions.${stream}.${type}: no such event type`);
    }
    for (const [type, handler] of Object.entries(subscription)) {
      if (type !== "event_types" && typeof handler !== "function") {
        return fail(`subscriptions.${stream}.${type} is not a function`);
      }
    }
  }
  for (const name of ["routes", "start", "stop", "reset"] as const) {
    if (definition[name] !== undefined && typeof definition[name] !== "function")
      return fail(`${name} is not a function`);
  }
  if ((definition.sdk ?? SDK_MAJOR) !== SDK_MAJOR) {
    return fail(`sdk: written for version ${definition.sdk} of the SDK, this host speaks ${SDK_MAJOR}`);
  }
  for (const [job, { every, cron, run }] of Object.entries(definition.jobs ?? {})) {
    if (typeof run !== "function") return fail(`jobs.${job}.run is not a function`);
    const problem = scheduleProblem({ every, cron });
    if (problem !== undefined) return fail(`jobs.${job}: ${problem}`);
  }
  if (definition.config) {
    const [wrong] = configErrors(definition.config, {}, { complete: false });
    if (wrong) return fail(`${wrong.path.slice(1).replaceAll("/", ".")}: its default does not fit: ${wrong.message}`);
  }
  return definition;
}

export function eventTypesOf(subscription: object): string[] {
  if ("batch" in subscription && "event_types" in subscription) {
    return Array.isArray(subscription.event_types) ? subscription.event_types.map(String) : [];
  }
  return Object.keys(subscription);
}

export function manifestOf(definition: EngineDefinition): EngineManifest {
  const subscriptions = Object.entries(definition.subscriptions);
  return {
    name: definition.name,
    version: definition.version,
    description: definition.description,
    default_enabled: definition.default_enabled ?? true,
    from: definition.from,
    subscriptions: Object.fromEntries(subscriptions.map(([stream, given]) => [stream, eventTypesOf(given)])),
    // Jobs claim what is due over all tenants, as batches write.
    set_based: subscriptions.some(([, given]) => "batch" in given) || definition.jobs !== undefined,
    config: definition.config ?? Type.Object({}),
    batch_size: definition.batch_size ?? 500,
    concurrency: definition.concurrency ?? 1,
    handler_timeout_ms: definition.handler_timeout_ms ?? 10_000,
    retry: {
      attempts: definition.retry?.attempts ?? 10,
      first_pause_ms: definition.retry?.first_pause_ms ?? 1000,
      longest_pause_ms: definition.retry?.longest_pause_ms ?? 3_600_000,
    },
    strict: definition.ordered === "strict",
    kept_tables: definition.tables?.kept ?? [],
    emits: Object.keys(definition.emits ?? {}),
    jobs: Object.keys(definition.jobs ?? {}),
    has_routes: definition.routes !== undefined,
    body_limits: definition.body_limits ?? {},
  };
}

/** What a validator has against a value, in words for who wrote it. */
function reasonOf({ keyword, message }: { keyword: string; message: string }): string {
  // Where nothing more may stand the schema of what does is `false`.
  return keyword === "boolean" ? "is not known" : message;
}

/** A configuration of any engine. */
export type EngineConfig = Static<TObject>;

/**
 * A tenant's configuration with the engine's defaults in the places it left open. Works on plain JSON Schema: a schema
 * that crossed a Worker has lost what TypeBox would go by.
 */
export function withDefaults(schema: TSchema, config: EngineConfig | null | undefined): EngineConfig {
  const defaults: EngineConfig = {};
  for (const [name, property] of Object.entries(propertiesOf(schema))) {
    if ("default" in property) defaults[name] = structuredClone(property.default);
  }
  return { ...defaults, ...config };
}

export function propertiesOf(schema: TSchema): Record<string, object> {
  return "properties" in schema && typeof schema.properties === "object" ? { ...schema.properties } : {};
}

/** Properties without a default that a configuration does not set: until it does, the engine is off for the tenant. */
export function unsetIn(schema: TSchema, config: EngineConfig): string[] {
  const required = "required" in schema && Array.isArray(schema.required) ? schema.required.map(String) : [];
  return required.filter((name) => !Object.hasOwn(config, name));
}

/**
 * What is wrong with a tenant's configuration, by place. Empty when it fits; unless it is to be `complete`, what has no
 * default may be left out.
 */
export function configErrors(
  schema: TSchema,
  config: EngineConfig,
  { complete = true } = {},
): { path: string; message: string }[] {
  const known = propertiesOf(schema);
  const unknown = Object.keys(config).filter((name) => !Object.hasOwn(known, name));
  if (unknown.length > 0) {
    const message = "is not a setting of this engine";
    return unknown.slice(0, MAX_ERRORS).map((name) => ({ path: `/config/${name}`, message }));
  }
  const full = withDefaults(schema, config);
  const unset = complete ? unsetIn(schema, full) : [];
  const lenient: TSchema = { ...schema, required: [] };
  const wrong = Check(lenient, full) ? [] : [...Errors(lenient, full)];
  return [
    ...unset.map((name) => ({ path: `/config/${name}`, message: "has no default: it must be set" })),
    ...wrong.map((error) => ({ path: `/config${error.instancePath}`, message: reasonOf(error) })),
  ].slice(0, MAX_ERRORS);
}
