import type { Database } from "../platform/database/database.ts";
import { codeOf } from "../platform/database/errors.ts";
import { forgetLinks } from "./chain.ts";
import { STOPPED_ENGINE_DAYS } from "./postgres-store.ts";

/** Nobody waits longer than this behind a statement that waits for a lock. */
const LOCK_TIMEOUT = "200ms";

/** A range of the ledger and why it is kept; null when it can go. */
export interface RangeVerdict {
  name: string;
  kept: "not full" | "not published" | "too young" | "an engine has not read it" | null;
  /** How the table stands to the ledger: a removal may have been interrupted. */
  state: "attached" | "detaching" | "detached";
}

/** Ranges from the oldest on. An engine pins what it has not read, unless it has not moved for STOPPED_ENGINE_DAYS. */
const VERDICTS = `
  with live as (
    select p.stream, p.partition, min(p.position) as position from engine_position p
    where (select max(greatest(l.updated_at, l.lease_until)) from engine_position l where l.engine = p.engine)
          > now() - make_interval(days => ${STOPPED_ENGINE_DAYS})
    group by p.stream, p.partition)
  select r.name,
    case
      when r.to_seq > h.head + 1 then 'not full'
      when r.to_seq - 1 > (select coalesce(max(settled_seq), 0) from relay_progress) then 'not published'
      when exists (select 1 from event_log e where e.seq >= r.from_seq and e.seq < r.to_seq
                   and e.occurred_at > now() - make_interval(days => $1::int)) then 'too young'
      when exists (select 1 from live l where exists (
             select 1 from event_log e where e.stream = l.stream and e.partition = l.partition
             and e.seq > l.position and e.seq < r.to_seq)) then 'an engine has not read it'
    end as kept,
    case when i.inhrelid is null then 'detached' when i.inhdetachpending then 'detaching' else 'attached' end as state
  from event_log_range r
  cross join event_log_room() h
  left join pg_inherits i on i.inhparent = 'event_log'::regclass and i.inhrelid = to_regclass(r.name)
  order by r.from_seq`;

/** What retention says of each range, the oldest first. `database` works as the owner. */
export async function rangeVerdicts(database: Database, days: number): Promise<RangeVerdict[]> {
  return await database.query<RangeVerdict & Record<string, unknown>>(VERDICTS, [days]);
}

/**
 * Drops the ranges at the beginning of the ledger whose events are all older than `days`; returns their names. Writers
 * never wait: DETACH CONCURRENTLY takes no lock that an insert would queue behind, and waits for open transactions only
 * as long as LOCK_TIMEOUT; what was not finished is finished the next time.
 *
 * `database` works as the owner, over one connection that is not a transaction pool's: DETACH CONCURRENTLY may stand
 * neither in a transaction nor in a function, so no right to it can be lent to the relay's own role.
 */
export async function prune(database: Database, days: number): Promise<string[]> {
  if (days <= 0) return [];
  await database.query(`set lock_timeout = '${LOCK_TIMEOUT}'`);
  const dropped: string[] = [];
  for (const { name, kept, state } of await rangeVerdicts(database, days)) {
    // What is detached already is no part of the ledger any more, whatever was said of it then.
    if (kept !== null && state === "attached") break;
    if (!(await remove(database, name, state))) break;
    dropped.push(name);
  }
  if (dropped.length > 0) await forgetLinks(database);
  return dropped;
}

/** False when somebody's lock was in the way: another time. */
async function remove(database: Database, name: string, state: RangeVerdict["state"]): Promise<boolean> {
  if (!/^event_log_\d+$/.test(name)) throw new TypeError(`${name} is no range of the ledger`);
  try {
    if (state === "attached") await database.query(`alter table event_log detach partition ${name} concurrently`);
    if (state === "detaching") await database.query(`alter table event_log detach partition ${name} finalize`);
    await database.query(`drop table if exists ${name}`);
    await database.query("delete from event_log_range where name = $1", [name]);
    return true;
  } catch (error) {
    if (codeOf(error) === "55P03") return false;
    throw error;
  }
}
