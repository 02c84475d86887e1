import type { TSchema } from "typebox";
import { Day, Instant, Money, Percent, Quantity, type StreamContracts, Uuid } from "../../contracts/contract.ts";

type Json = Record<string, unknown>;

/** Examples of the text forms that contracts use, by their pattern. */
const TEXTS: ReadonlyMap<unknown, string> = new Map([
  [patternOf(Uuid), "019c5f3e-8f4b-7c1a-9d3e-2b6f1a0c4d5e"],
  [patternOf(Instant), "2026-03-02T14:05:09.123456Z"],
  [patternOf(Day), "2026-03-02"],
  [patternOf(Money), "32.00"],
  [patternOf(Quantity), "10.000"],
  [patternOf(Percent), "5.00"],
]);

function patternOf(schema: object): unknown {
  return "pattern" in schema ? schema.pattern : undefined;
}

const uuid = { type: "string", format: "uuid" };
const nullable = (schema: Json) => ({ anyOf: [schema, { type: "null" }] });

/** AsyncAPI 3.0 of the streams: every event type with its envelope, payload and an example, from the contracts. */
export function asyncApiDocument<S extends { readonly [Name in keyof S]: StreamContracts }>(
  streams: S,
  info: { title: string; version: string; description: string },
): Json {
  const channels: Json = {};
  const operations: Json = {};
  const messages: Json = {};
  for (const [stream, contracts] of Object.entries<StreamContracts>(streams)) {
    const named: Json = {};
    for (const [event_type, contract] of Object.entries(contracts)) {
      const name = `${stream}.${event_type}`;
      messages[name] = messageOf(stream, event_type, contract.version, contract.key, contract.payload);
      named[event_type] = { $ref: `#/components/messages/${name}` };
    }
    channels[stream] = {
      address: `events:${stream}:{partition}`,
      description: `Redis stream of one partition of \`${stream}\`. Entry ids are \`<seq>-0\`; all events of a shop share a partition, in order.`,
      parameters: { partition: { description: "0 to the stream's partition count − 1" } },
      messages: named,
    };
    operations[`receive_${stream}`] = {
      action: "receive",
      channel: { $ref: `#/channels/${stream}` },
      summary: `Events of the stream ${stream}, as engines receive them`,
    };
  }
  return {
    asyncapi: "3.0.0",
    info,
    defaultContentType: "application/json",
    channels,
    operations,
    components: { messages },
  };
}

function messageOf(stream: string, event_type: string, version: number, key: string, payload: TSchema): Json {
  const example = exampleOf(payload);
  return {
    name: event_type,
    title: event_type.replaceAll("_", " "),
    summary: `Version ${version}; its key is \`${key}\`.`,
    contentType: "application/json",
    payload: envelope(stream, event_type, version, payload),
    examples: [{ name: event_type, payload: envelopeExample(stream, event_type, version, key, example) }],
  };
}

function envelope(stream: string, event_type: string, version: number, payload: TSchema): Json {
  const properties = {
    event_id: uuid,
    event_type: { const: event_type },
    version: { const: version },
    tenant_id: uuid,
    stream: { const: stream },
    partition: { type: "integer", minimum: 0 },
    hops: { type: "integer", minimum: 0, description: "0 from a vertical, +1 for each engine in between" },
    key: { type: "string", description: "order is kept for each shop and key" },
    seq: { type: "integer", minimum: 1, description: "place in the ledger" },
    occurred_at: { type: "string", format: "date-time" },
    trace: nullable({ type: "string", description: "W3C traceparent of the request that caused it" }),
    causation_id: nullable(uuid),
    payload,
  };
  return { type: "object", required: Object.keys(properties), properties };
}

function envelopeExample(stream: string, event_type: string, version: number, key: string, payload: unknown): Json {
  const named = typeof payload === "object" && payload !== null ? Object.entries(payload) : [];
  return {
    event_id: "019c5f3e-9999-7abc-8def-0123456789ab",
    event_type,
    version,
    tenant_id: "019c5f3e-0000-7c1a-9d3e-2b6f1a0c4d5e",
    stream,
    partition: 3,
    hops: 0,
    key: named.find(([name]) => name === key)?.[1],
    seq: 4711,
    occurred_at: "2026-03-02T14:05:09.123456Z",
    trace: null,
    causation_id: null,
    payload,
  };
}

/** A value that fits a contract's schema. */
function exampleOf(given: unknown): unknown {
  const schema: Json = Object(given);
  if (schema.const !== undefined) return schema.const;
  for (const choice of [schema.enum, schema.anyOf]) {
    if (Array.isArray(choice)) return choice === schema.enum ? choice[0] : exampleOf(choice[0]);
  }
  switch (schema.type) {
    case "object":
      return Object.fromEntries(
        Object.entries(Object(schema.properties)).map(([name, part]) => [name, exampleOf(part)]),
      );
    case "array":
      return [exampleOf(schema.items)];
    case "string":
      return TEXTS.get(schema.pattern) ?? "text";
    case "integer":
    case "number":
      return 1;
    case "boolean":
      return true;
    default:
      return null;
  }
}
