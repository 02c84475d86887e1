import type { Transaction } from "../platform/database/database.ts";

/** How an engine stands over all hosts. */
export interface EngineSummary {
  name: string;
  version: string;
  description: string;
  /** `running` when a host runs it, or else the worst that hosts say; `stopped` when no host is alive. */
  state: string;
  reason: string | null;
  /** Why a replay is due; null when none is. */
  replay_needed: string | null;
  /** Event types by stream. */
  subscriptions: Record<string, string[]>;
  hosts: EngineOnHost[];
  /** Events it has not come to yet; of a partition with more than `COUNTED` an estimate. */
  lag_events: number;
  /** Age of the oldest of them. */
  lag_seconds: number;
  parked: number;
  dead: number;
}

export interface EngineOnHost {
  host: string;
  version: string | null;
  state: string;
  reason: string | null;
  events: number;
  /** What its operator has set for the engine, by variable; secrets are only told to be set. */
  settings: Record<string, unknown>;
}

/** Events of a partition that are counted one by one; how dense they lie tells how many more there are up to its newest. */
const COUNTED = 1000;
/** A host that has not been heard of for longer is gone. */
export const SILENT_SECONDS = 15;

const SUMMARY = `
  with lag as (
    select p.engine, max(extract(epoch from now() - oldest.occurred_at))::float8 as seconds,
           sum(case when near.events < ${COUNTED} then near.events
               else round(near.events::float8 * (newest.seq - p.position) / (near.upto - p.position)) end)::bigint as events
    from engine_position p
    cross join lateral (
      select l.seq from event_log l where l.stream = p.stream and l.partition = p.partition
      order by l.seq desc limit 1) newest
    cross join lateral (
      select l.occurred_at from event_log l
      where l.stream = p.stream and l.partition = p.partition and l.seq > p.position order by l.seq limit 1) oldest
    cross join lateral (
      select count(*) as events, max(seq) as upto from (
        select l.seq from event_log l
        where l.stream = p.stream and l.partition = p.partition and l.seq > p.position
        order by l.seq limit ${COUNTED}) e) near
    group by p.engine
  ), parked as (
    select engine, count(*) filter (where state = 'parked') as parked, count(*) filter (where state = 'dead') as dead
    from parked_event group by engine
  ), hosts as (
    select engine, json_agg(json_build_object('host', host, 'version', version, 'state', state, 'reason', reason,
             'events', events, 'settings', settings) order by host) as hosts,
           bool_or(state = 'running') as running,
           (array_agg(state order by heartbeat_at desc))[1] as state,
           (array_agg(reason order by heartbeat_at desc) filter (where reason is not null))[1] as reason
    from engine_host where heartbeat_at > clock_timestamp() - interval '${SILENT_SECONDS} seconds' group by engine
  )
  select coalesce(e.name, h.engine) as name, coalesce(e.version, '') as version,
         coalesce(e.description, '') as description, e.replay_needed,
         coalesce(e.manifest->'subscriptions', '{}'::json) as subscriptions,
         case when h.running then 'running' else coalesce(h.state, 'stopped') end as state, h.reason,
         coalesce(h.hosts, '[]'::json) as hosts, coalesce(lag.events, 0) as lag_events,
         coalesce(lag.seconds, 0) as lag_seconds, coalesce(parked.parked, 0) as parked, coalesce(parked.dead, 0) as dead
  from engine e
  full join hosts h on h.engine = e.name
  left join lag on lag.engine = e.name
  left join parked on parked.engine = e.name
  order by 1`;

/** What a shop has said of an engine; those that said nothing have the engine's defaults. */
export interface EngineInShop {
  tenant_id: string;
  slug: string;
  enabled: boolean;
  config: object;
}

async function shopsOf(tx: Pick<Transaction, "query">, engine: string): Promise<EngineInShop[]> {
  return await tx.query<EngineInShop & Record<string, unknown>>(
    `select s.tenant_id, t.slug, s.enabled, s.config
     from engine_tenant s cross join lateral tenant_by_id(s.tenant_id) t where s.engine = $1 order by t.slug`,
    [engine],
  );
}

/** All engines that are installed or that a host has tried to run. */
export async function engineSummaries(tx: Pick<Transaction, "query">): Promise<EngineSummary[]> {
  return await tx.query<EngineSummary & Record<string, unknown>>(SUMMARY);
}

/** Everything about one engine; undefined when nobody knows it. */
export async function engineInFull(
  tx: Pick<Transaction, "query">,
  name: string,
): Promise<(EngineSummary & { shops: EngineInShop[] }) | undefined> {
  const found = (await engineSummaries(tx)).find((summary) => summary.name === name);
  return found && { ...found, shops: await shopsOf(tx, name) };
}
