import type { RedisClient } from "./redis-nodes.ts";
import type { ReaderPlace } from "./streams.ts";

/** Groups whose names begin so are ours: others may be somebody's who reads along. */
const PREFIX = "engine:";

/**
 * How many entries were ever added, and of each group its name, its last id and how many entries were read by then. In a
 * script, as XINFO would send two payloads, too.
 */
const FOUND = `
  if redis.call('EXISTS', KEYS[1]) == 0 then return false end
  local info = redis.call('XINFO', 'STREAM', KEYS[1])
  local found = {}
  for i = 1, #info, 2 do
    if info[i] == 'entries-added' then found[1] = tostring(info[i + 1]) end
  end
  for _, group in ipairs(redis.call('XINFO', 'GROUPS', KEYS[1])) do
    local of = {}
    for i = 1, #group, 2 do of[group[i]] = group[i + 1] end
    found[#found + 1] = of['name']
    found[#found + 1] = of['last-delivered-id'] .. ' ' .. tostring(of['entries-read'])
  end
  return found`;

/**
 * Makes the groups of the stream at `key` say how far readers are: their last id, and by it their lag. Nobody reads
 * through them. A stream that is not there has none.
 */
export async function mirrorGroups(redis: RedisClient, key: string, readers: readonly ReaderPlace[]): Promise<void> {
  const answer: unknown = await redis.eval_ro(FOUND, 1, key);
  if (!Array.isArray(answer)) return;
  const [added = "0", ...rest] = answer.map(String);
  const there = new Map<string, string>();
  for (let i = 0; i + 1 < rest.length; i += 2) there.set(rest[i] ?? "", rest[i + 1] ?? "");
  const wanted = new Set<string>();
  await Promise.all(
    readers.map(async ({ name, position, behind }) => {
      const group = `${PREFIX}${name}`;
      wanted.add(group);
      const read = Math.max(0, Number(added) - behind);
      const place = [key, group, `${position}-0`, "ENTRIESREAD", read] as const;
      const shown = there.get(group);
      // Each command is kept in the append-only file: nothing is written where nothing has moved.
      if (shown === undefined) await redis.xgroup("CREATE", ...place);
      else if (shown !== `${position}-0 ${read}`) await redis.xgroup("SETID", ...place);
    }),
  );
  const gone = [...there.keys()].filter((name) => name.startsWith(PREFIX) && !wanted.has(name));
  await Promise.all(gone.map((group) => redis.xgroup("DESTROY", key, group)));
}
