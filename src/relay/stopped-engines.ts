import type { Database } from "../platform/database/database.ts";

const STOPPED = `
  select engine,
         greatest(extract(epoch from clock_timestamp() - max(greatest(updated_at, lease_until))), 0)::float8 as seconds
  from engine_position group by engine`;

/**
 * For how long each engine that has positions has worked on none of them, anywhere; 0 for one at work. Hosts tell of the
 * engines they have: of one that no host has any more (its folder is gone) only this tells. After STOPPED_ENGINE_DAYS
 * retention no longer waits for it.
 */
export async function stoppedEngines(
  database: Pick<Database, "query">,
): Promise<{ engine: string; seconds: number }[]> {
  return await database.query<{ engine: string; seconds: number }>(STOPPED);
}
