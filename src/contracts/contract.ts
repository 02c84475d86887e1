import { type Static, type TSchema, Type } from "typebox";

/** One event type of a stream: its payload's shape, its newest version and which property of the payload is its key. */
export interface Contract<Payload extends TSchema = TSchema> {
  version: number;
  /** Name of the payload property whose value becomes the event's key. */
  key: string;
  payload: Payload;
  /** `upcasters[n]` turns a payload of version n into one of version n + 1; handlers only see the newest. */
  upcasters?: Readonly<Record<number, (payload: unknown) => unknown>>;
}

export type StreamContracts = Readonly<Record<string, Contract>>;

/** The payload's TypeScript type, derived from its contract. */
export type PayloadOf<C extends Contract> = Static<C["payload"]>;

/** A property that is always present and may be null: what `?` means in an event. */
export function nullable<S extends TSchema>(schema: S) {
  return Type.Union([schema, Type.Null()]);
}

/** UUID as written by Postgres: lower case with hyphens. */
export const Uuid = Type.String({ pattern: "^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$" });
/** RFC 3339 UTC with microseconds, e.g. `2026-01-31T12:00:00.000000Z`. */
export const Instant = Type.String({ pattern: "^\\d{4}-\\d{2}-\\d{2}T\\d{2}:\\d{2}:\\d{2}\\.\\d{6}Z$" });
/** Calendar day, `YYYY-MM-DD`. */
export const Day = Type.String({ pattern: "^\\d{4}-\\d{2}-\\d{2}$" });
/** Decimal string with 2 places, e.g. `"32.00"`. */
export const Money = Type.String({ pattern: "^-?\\d{1,16}\\.\\d{2}$" });
/** Decimal string with 3 places, e.g. `"10.000"`. */
export const Quantity = Type.String({ pattern: "^-?\\d{1,15}\\.\\d{3}$" });
/** Decimal string with 2 places between 0 and 100. */
export const Percent = Type.String({ pattern: "^\\d{1,3}\\.\\d{2}$" });

export function payload<P extends Record<string, TSchema>>(properties: P) {
  return Type.Object(properties, { additionalProperties: false });
}
