import type { StreamEntry } from "./streams.ts";

// XADD in Redis' own protocol, built as text in one pass. A client library spends most of the relay's time on turning
// 31 arguments for each entry into a command; docs/relay.md has the figures.

const NAMES = [
  "event_id",
  "event_type",
  "version",
  "tenant_id",
  "stream",
  "partition",
  "hops",
  "key",
  "seq",
  "occurred_at",
  "trace",
  "causation_id",
  "payload",
  "prev",
] as const;

/** How the length of a text in bytes is told. */
export type Measure = (value: string) => number;

/** Right for every text. */
export const bytesOf: Measure = (value) => Buffer.byteLength(value);
/** Right for text that has one byte for each character, and then much faster; who uses it checks afterwards. */
export const charactersOf: Measure = (value) => value.length;

function text(value: string, measure: Measure): string {
  return `$${measure(value)}\r\n${value}\r\n`;
}

/** Text that has one byte for each character whatever it is: numbers, ids, instants. */
function ascii(value: string): string {
  return `$${value.length}\r\n${value}\r\n`;
}

const NOTHING = ascii("");
const names = new Map<string, string>();

/** One of the few names of streams and event types: measured once. */
function name(value: string): string {
  let encoded = names.get(value);
  if (encoded === undefined) {
    encoded = text(value, bytesOf);
    if (names.size < 10_000) names.set(value, encoded);
  }
  return encoded;
}

const F = Object.fromEntries(NAMES.map((name) => [name, ascii(name)])) as Record<(typeof NAMES)[number], string>;

/** Where an entry's command begins: everything before its id. With `make` a stream that is not there is made. */
export function xaddHead(key: string, make: boolean): string {
  const fields = NAMES.length * 2;
  return make
    ? `*${fields + 3}\r\n$4\r\nXADD\r\n${text(key, bytesOf)}`
    : `*${fields + 4}\r\n$4\r\nXADD\r\n${text(key, bytesOf)}$10\r\nNOMKSTREAM\r\n`;
}

/** The rest of the command; field for field what `fieldsOf` gives. */
export function xaddTail(entry: StreamEntry, measure: Measure): string {
  const seq = String(entry.seq);
  return (
    `$${seq.length + 2}\r\n${seq}-0\r\n` +
    `${F.event_id}${ascii(entry.event_id)}${F.event_type}${name(entry.event_type)}` +
    `${F.version}${ascii(String(entry.version))}${F.tenant_id}${ascii(entry.tenant_id)}` +
    `${F.stream}${name(entry.stream)}${F.partition}${ascii(String(entry.partition))}` +
    `${F.hops}${ascii(String(entry.hops))}${F.key}${text(entry.key, measure)}${F.seq}${ascii(seq)}` +
    `${F.occurred_at}${ascii(entry.occurred_at)}${F.trace}${entry.trace === null ? NOTHING : text(entry.trace, measure)}` +
    `${F.causation_id}${entry.causation_id === null ? NOTHING : ascii(entry.causation_id)}` +
    `${F.payload}${text(entry.payload, measure)}${F.prev}${ascii(String(entry.prev))}`
  );
}
