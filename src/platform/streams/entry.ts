import type { StreamEntry } from "./streams.ts";

// In Redis an entry is flat: one field for each envelope field, `payload` as JSON text, and `prev`. Null is "".

/** Field names and values in turn, as XADD takes them. */
export function fieldsOf(entry: StreamEntry): (string | number)[] {
  return [
    "event_id",
    entry.event_id,
    "event_type",
    entry.event_type,
    "version",
    entry.version,
    "tenant_id",
    entry.tenant_id,
    "stream",
    entry.stream,
    "partition",
    entry.partition,
    "hops",
    entry.hops,
    "key",
    entry.key,
    "seq",
    entry.seq,
    "occurred_at",
    entry.occurred_at,
    "trace",
    entry.trace ?? "",
    "causation_id",
    entry.causation_id ?? "",
    "payload",
    entry.payload,
    "prev",
    entry.prev,
  ];
}

export class MalformedEntry extends Error {
  readonly code = "malformed_entry";
}

/**
 * The entry behind a stream id; fields are found by name, so that their order and new ones do not matter. From bytes as
 * Redis sent them: of all that a host does with an event, making text of it takes longest, and names need not become any.
 */
export function entryOf(id: Buffer, fields: readonly Buffer[]): StreamEntry {
  // They are asked for in the order in which they are written, so the next one is mostly the one wanted.
  let next = 0;
  const text = (name: string): string => {
    if (!says(fields[next], name)) next = placeOf(name, fields);
    const value = fields[next + 1];
    if (value === undefined) throw new MalformedEntry(`stream entry ${id} has no field ${name}`);
    next += 2;
    return value.length === 0 ? "" : value.toString();
  };
  const integer = (name: string): number => {
    const value = Number(text(name));
    if (!Number.isSafeInteger(value)) throw new MalformedEntry(`stream entry ${id}: ${name} is no integer`);
    return value;
  };
  return {
    event_id: text("event_id"),
    event_type: text("event_type"),
    version: integer("version"),
    tenant_id: text("tenant_id"),
    stream: text("stream"),
    partition: integer("partition"),
    hops: integer("hops"),
    key: text("key"),
    seq: integer("seq"),
    occurred_at: text("occurred_at"),
    trace: text("trace") || null,
    causation_id: text("causation_id") || null,
    payload: text("payload"),
    prev: integer("prev"),
  };
}

function placeOf(name: string, fields: readonly Buffer[]): number {
  let place = 0;
  while (place < fields.length && !says(fields[place], name)) place += 2;
  return place;
}

/** Whether bytes are a name of ASCII letters. */
function says(bytes: Buffer | undefined, name: string): boolean {
  if (bytes?.length !== name.length) return false;
  for (let at = 0; at < name.length; at++) if (bytes[at] !== name.charCodeAt(at)) return false;
  return true;
}
