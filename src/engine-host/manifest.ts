import { type Static, type TObject, type TSchema, Type } from "typebox";
import { Check, Errors } from "typebox/value";
import { streams } from "../contracts/index.ts";
import type { EngineDefinition } from "../sdk/engine.ts";

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
  handler_timeout_ms: number;
  has_routes: boolean;
}

const NAME = "^[a-z][a-z0-9-]{0,40}[a-z0-9]$";

const Definition = Type.Object(
  {
    name: Type.String({ pattern: NAME }),
    version: Type.String({ pattern: "^\\d+\\.\\d+\\.\\d+(?:[-+].+)?$" }),
    description: Type.String({ minLength: 1, maxLength: 300 }),
    config: Type.Optional(Type.Object({}, { additionalProperties: true })),
    default_enabled: Type.Optional(Type.Boolean()),
    migrations: Type.Optional(
      Type.Array(Type.Object({ id: Type.String({ pattern: "^\\d{4}_[a-z0-9_]+$" }), up: Type.String() })),
    ),
    from: Type.Enum(["beginning", "now"]),
    subscriptions: Type.Record(Type.String(), Type.Unknown()),
    batch_size: Type.Optional(Type.Integer({ minimum: 1, maximum: 5000 })),
    handler_timeout_ms: Type.Optional(Type.Integer({ minimum: 10, maximum: 300_000 })),
    routes: Type.Optional(Type.Unknown()),
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
    return fail(first ? `${first.instancePath || "the definition"} ${first.message}` : "the definition does not fit");
  }
  const definition = exported as EngineDefinition;
  for (const [stream, subscription] of Object.entries(definition.subscriptions)) {
    const known = Object.entries(streams).find(([name]) => name === stream)?.[1];
    if (!known) return fail(`subscriptions.${stream}: no such stream (known: ${Object.keys(streams).join(", ")})`);
    for (const type of eventTypesOf(subscription)) {
      if (!(type in known)) return fail(`subscriptions.${stream}.${type}: no such event type`);
    }
    for (const [type, handler] of Object.entries(subscription)) {
      if (type !== "event_types" && typeof handler !== "function") {
        return fail(`subscriptions.${stream}.${type} is not a function`);
      }
    }
  }
  if (definition.routes !== undefined && typeof definition.routes !== "function")
    return fail("routes is not a function");
  if (definition.config) {
    if (!Check(definition.config, withDefaults(definition.config, {}))) return fail("config: every property needs a default that fits");
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
    set_based: subscriptions.some(([, given]) => "batch" in given),
    config: definition.config ?? Type.Object({}),
    batch_size: definition.batch_size ?? 500,
    handler_timeout_ms: definition.handler_timeout_ms ?? 10_000,
    has_routes: definition.routes !== undefined,
  };
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

function propertiesOf(schema: TSchema): Record<string, object> {
  return "properties" in schema && typeof schema.properties === "object" ? { ...schema.properties } : {};
}

/** What is wrong with a tenant's configuration, by place. Empty when it fits. */
export function configErrors(schema: TSchema, config: EngineConfig): { path: string; message: string }[] {
  const known = propertiesOf(schema);
  const unknown = Object.keys(config).filter((name) => !(name in known));
  if (unknown.length > 0)
    return unknown.map((name) => ({ path: `/config/${name}`, message: "is not a setting of this engine" }));
  const full = withDefaults(schema, config);
  if (Check(schema, full)) return [];
  return [...Errors(schema, full)].map((error) => ({ path: `/config${error.instancePath}`, message: error.message }));
}
