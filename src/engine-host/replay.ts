import type { Database } from "../platform/database/database.ts";
import { OWNER } from "../platform/database/roles.ts";
import type { EngineManifest } from "./manifest.ts";
import { engineRole } from "./names.ts";

/** A replay was asked for that would not give what the live engine had. */
export class ReplayRefused extends Error {
  readonly code = "replay_refused";
}

export interface ReplayStart {
  /** Events of the history that are to be handled again, by the positions reached before. */
  events: number;
}

/**
 * Empties what the engine derived, its parked events too, and sends it back to the beginning of history. Tables it
 * declared as kept stay. Refused when retention has cut the history, unless `partial`. The owner's login is needed.
 */
export async function startReplay(database: Database, engine: string, partial: boolean): Promise<ReplayStart> {
  return await database.transaction({ role: OWNER }, async (tx) => {
    const [row] = await tx.query<{ manifest: EngineManifest }>("select manifest from engine where name = $1", [engine]);
    if (!row) throw new ReplayRefused(`no engine ${engine} is installed`);
    const [range] = await tx.query<{ first: number }>("select min(from_seq) as first from event_log_range");
    if (!partial && (range?.first ?? 1) > 1) {
      throw new ReplayRefused(
        `the ledger begins at seq ${range?.first}: history before it is gone; --partial replays what is left`,
      );
    }
    // Batches that are under way end first; none begins before this commits.
    await tx.query("select 1 from engine_position where engine = $1 order by stream, partition for update", [engine]);
    const schema = engineRole(engine);
    const kept = new Set([...row.manifest.kept_tables, "schema_migration"]);
    const tables = await tx.query<{ name: string }>(
      "select relname as name from pg_class where relnamespace = $1::regnamespace and relkind in ('r', 'p') and not relispartition",
      [schema],
    );
    const derived = tables.filter(({ name }) => !kept.has(name)).map(({ name }) => `${schema}."${name}"`);
    if (derived.length > 0) await tx.script(`truncate ${derived.join(", ")}`);
    await tx.query("delete from parked_event where engine = $1", [engine]);
    await tx.query(
      `update engine_position set replay_until = greatest(replay_until, position), position = 0,
         owner = null, lease_until = null where engine = $1`,
      [engine],
    );
    await tx.query("update engine set reset_pending = true, replay_needed = null where name = $1", [engine]);
    return { events: await historyLength(tx, engine) };
  });
}

/** Events of the history that the engine has still to handle to be where it was. */
export async function replayLeft(database: Database, engine: string): Promise<number> {
  return await database.transaction({ role: OWNER }, (tx) => historyLength(tx, engine));
}

async function historyLength(
  tx: { query<T extends Record<string, unknown>>(sql: string, parameters: readonly string[]): Promise<T[]> },
  engine: string,
): Promise<number> {
  const [row] = await tx.query<{ events: number }>(
    `select coalesce(sum(n.events), 0)::bigint as events from engine_position p
     cross join lateral (select count(*) as events from event_log l where l.stream = p.stream
       and l.partition = p.partition and l.seq > p.position and l.seq <= p.replay_until) n
     where p.engine = $1`,
    [engine],
  );
  return row?.events ?? 0;
}
