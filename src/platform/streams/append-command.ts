import type { StreamEntry } from "./streams.ts";

// What is sent for entries, built as text in Redis' own protocol in one pass. A client library spends most of the relay's
// time on turning that many arguments into commands; docs/relay.md has the figures.

const FIELDS = [
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

const SEQ = FIELDS.indexOf("seq");
const PREV = FIELDS.indexOf("prev");

/**
 * Adds entries of one partition that follow each other, if the first that is not there yet follows the stream's last: Redis
 * runs a script whole or, when it is full, not at all, so nobody (a relay that was frozen, a Redis that forgot, a refusal
 * in the middle of a batch) can leave a hole or go on behind a ghost. With "1" as first argument a stream that is not there
 * begins with the first entry. Answers -1 when they do not follow.
 */
export const APPEND_SCRIPT = `
  local last = 0
  if redis.call('EXISTS', KEYS[1]) == 1 then
    local info = redis.call('XINFO', 'STREAM', KEYS[1])
    for i = 1, #info, 2 do
      if info[i] == 'last-generated-id' then last = tonumber(string.match(info[i + 1], '^%d+')) end
    end
  end
  local first = 2
  while first <= #ARGV and tonumber(ARGV[first + ${SEQ}]) <= last do first = first + ${FIELDS.length} end
  if first > #ARGV then return 0 end
  local begins = last == 0 and ARGV[1] == '1'
  if tonumber(ARGV[first + ${PREV}]) ~= last and not begins then return -1 end
  for i = first, #ARGV, ${FIELDS.length} do
    redis.call('XADD', KEYS[1], ARGV[i + ${SEQ}], ${FIELDS.map((name, at) => `'${name}', ARGV[i + ${at}]`).join(", ")})
  end
  return 0`;

const SHA = new Bun.CryptoHasher("sha1").update(APPEND_SCRIPT).digest("hex");

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

/** Where the command for `count` entries of the stream `key` begins. With `make` a stream that is not there is made. */
export function appendHead(key: string, make: boolean, count: number): string {
  const words = 5 + count * FIELDS.length;
  return `*${words}\r\n$7\r\nEVALSHA\r\n${ascii(SHA)}${ascii("1")}${name(key)}${ascii(make ? "1" : "0")}`;
}

/** One entry of the command: the values of FIELDS, as `fieldsOf` gives them. */
export function appendValues(entry: StreamEntry, measure: Measure): string {
  return (
    `${ascii(entry.event_id)}${name(entry.event_type)}${ascii(String(entry.version))}${ascii(entry.tenant_id)}` +
    `${name(entry.stream)}${ascii(String(entry.partition))}${ascii(String(entry.hops))}${text(entry.key, measure)}` +
    `${ascii(String(entry.seq))}${ascii(entry.occurred_at)}` +
    `${entry.trace === null ? NOTHING : text(entry.trace, measure)}` +
    `${entry.causation_id === null ? NOTHING : ascii(entry.causation_id)}` +
    `${text(entry.payload, measure)}${ascii(String(entry.prev))}`
  );
}
