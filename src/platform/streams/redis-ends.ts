import type { RedisClient } from "./redis-nodes.ts";
import type { StreamEnd } from "./streams.ts";

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
