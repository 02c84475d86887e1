import type { Database } from "../platform/database/database.ts";
import { codeOf } from "../platform/database/errors.ts";
import { OWNER } from "../platform/database/roles.ts";

/** A replay was asked for that would not give what the live engine had. */
export class ReplayRefused extends Error {
  readonly code = "replay_refused";
}

export interface ReplayStart {
  /** Events of the history that are to be handled again, by the positions reached before. */
  events: number;
}

/** SQLSTATE by which `engine_replay` refuses. */
const REFUSED = "RP001";
const DEADLOCK = "40P01";
const ATTEMPTS = 5;

/**
 * Empties what the engine derived, its parked events too, and sends it back to the beginning of history. Tables it
 * declared as kept stay. Refused when retention has cut the history, unless `partial`. `role`: the owner's or the hosts'.
 */
export async function startReplay(
  database: Database,
  engine: string,
  partial: boolean,
  role = OWNER,
): Promise<ReplayStart> {
  for (let attempt = 1; ; attempt++) {
    try {
      await database.transaction({ role }, (tx) => tx.query("select engine_replay($1, $2)", [engine, partial]));
      // Counted when nobody waits for what was locked any more: a long history takes its time.
      return { events: await counted(database, engine, role, "0") };
    } catch (error) {
      if (codeOf(error) === REFUSED) throw new ReplayRefused(error instanceof Error ? error.message : String(error));
      // Batches that read their positions first, as after a failure, lock in the other order.
      if (codeOf(error) !== DEADLOCK || attempt === ATTEMPTS) throw error;
    }
  }
}

/** Events of the history that the engine has still to handle to be where it was. */
export async function replayLeft(database: Database, engine: string, role = OWNER): Promise<number> {
  return await counted(database, engine, role, "p.position");
}

/** Events of the history up to where the engine was, after `after`. */
async function counted(database: Database, engine: string, role: string, after: "0" | "p.position"): Promise<number> {
  const [row] = await database.transaction({ role }, (tx) =>
    tx.query<{ events: number }>(
      `select coalesce(sum(n.events), 0)::bigint as events from engine_position p
       cross join lateral (select count(*) as events from event_log l where l.stream = p.stream
         and l.partition = p.partition and l.seq > ${after} and l.seq <= p.replay_until) n
       where p.engine = $1`,
      [engine],
    ),
  );
  return row?.events ?? 0;
}
