import type { RedisClient } from "./redis-nodes.ts";
import type { EntryName, StreamEnd } from "./streams.ts";

/**
 * Last id, length, memory, id and event_id of the newest entry. In a script, because XINFO would send the first and the
 * last entry with their payloads, of up to 1 MB each, for every partition, once a second.
 */
const ENDS = `
  if redis.call('EXISTS', KEYS[1]) == 0 then return false end
  local info = redis.call('XINFO', 'STREAM', KEYS[1])
  local found = {}
  for i = 1, #info, 2 do found[info[i]] = info[i + 1] end
  local newest = found['last-entry']
  local id, event_id = '', ''
  if newest then
    id = newest[1]
    for i = 1, #newest[2], 2 do
      if newest[2][i] == 'event_id' then event_id = newest[2][i + 1] end
    end
  end
  return {found['last-generated-id'], tostring(found['length']),
          tostring(redis.call('MEMORY', 'USAGE', KEYS[1])), id, event_id}`;

/** Where the stream of `key` ends; undefined when there is none. */
export async function endOf(redis: RedisClient, key: string): Promise<StreamEnd | undefined> {
  const answer: unknown = await redis.eval_ro(ENDS, 1, key);
  if (!Array.isArray(answer)) return undefined;
  const [last_id = "0-0", length = "0", bytes = "0", id = "", event_id = ""] = answer.map(String);
  return {
    last_seq: Number.parseInt(last_id, 10),
    newest: id === "" ? undefined : { seq: Number.parseInt(id, 10), event_id },
    length: Number(length),
    bytes: Number(bytes),
  };
}

/** Ids and event_ids of entries, for the same reason in a script. */
const NAMES = `
  local names = {}
  for _, entry in ipairs(redis.call('XRANGE', KEYS[1], ARGV[1], '+', 'COUNT', ARGV[2])) do
    names[#names + 1] = entry[1]
    for i = 1, #entry[2], 2 do
      if entry[2][i] == 'event_id' then names[#names + 1] = entry[2][i + 1] end
    end
  end
  return names`;

/** The entries of `key` after `seq`, `count` at most. */
export async function namesAfter(redis: RedisClient, key: string, seq: number, count: number): Promise<EntryName[]> {
  const answer: unknown = await redis.eval_ro(NAMES, 1, key, `(${seq}-0`, count);
  const words = Array.isArray(answer) ? answer.map(String) : [];
  const names: EntryName[] = [];
  for (let i = 0; i + 1 < words.length; i += 2) {
    names.push({ seq: Number.parseInt(words[i] ?? "", 10), event_id: words[i + 1] ?? "" });
  }
  return names;
}
