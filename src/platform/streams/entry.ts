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

/** Made one text of, which is quicker. Whoever keeps a part of it keeps all of it: so not with payloads of any size. */
const TOGETHER_BYTES = 1024;

/**
 * An entry of a stream; fields are found by name, so that their order and new ones do not matter. `spans`: where in `data`
 * each word starts and ends: the id, then names and values in turn.
 */
export function entryAt(data: Buffer, spans: readonly number[]): StreamEntry {
  const [id_start = 0, id_end = 0, start = 0] = spans;
  const end = Math.min(spans.at(-1) ?? 0, start + TOGETHER_BYTES);
  const whole = data.toString("utf8", start, end);
  // Nearly always without accents: then a place in the bytes is the same place in the text.
  const plain = whole.length === end - start;
  // They are asked for in the order in which they are written, so the next one is mostly the one wanted.
  let next = 2;
  const text = (name: string): string => {
    if (!says(data, spans, next, name)) {
      for (next = 2; next < spans.length && !says(data, spans, next, name); ) next += 4;
    }
    const [from, to] = [spans[next + 2], spans[next + 3]];
    if (from === undefined || to === undefined) {
      throw new MalformedEntry(`stream entry ${data.toString("utf8", id_start, id_end)} has no field ${name}`);
    }
    next += 4;
    return plain && to <= end ? whole.slice(from - start, to - start) : data.toString("utf8", from, to);
  };
  const integer = (name: string): number => {
    const value = Number(text(name));
    if (!Number.isSafeInteger(value)) {
      throw new MalformedEntry(`stream entry ${data.toString("utf8", id_start, id_end)}: ${name} is no integer`);
    }
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

/** Whether the word at `place` of `spans` is a name of ASCII letters. */
function says(data: Buffer, spans: readonly number[], place: number, name: string): boolean {
  const [from, to] = [spans[place], spans[place + 1]];
  if (from === undefined || to === undefined || to - from !== name.length) return false;
  for (let at = 0; at < name.length; at++) if (data[from + at] !== name.charCodeAt(at)) return false;
  return true;
}
