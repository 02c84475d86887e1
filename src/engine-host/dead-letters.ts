import type { Transaction } from "../platform/database/database.ts";

/** Which parked or dead events are meant; what is left out does not narrow. */
export interface DeadFilter {
  engine?: string | undefined;
  event_type?: string | undefined;
  tenant_id?: string | undefined;
  fingerprint?: string | undefined;
  /** One event by its `seq`. */
  seq?: number | undefined;
  state?: "parked" | "dead" | undefined;
  /** Instant since which they were parked. */
  since?: string | undefined;
}

/** A group of events that failed alike. */
export interface DeadGroup {
  engine: string;
  state: string;
  fingerprint: string | null;
  error_code: string | null;
  error_message: string | null;
  events: number;
  first_parked_at: string;
  last_parked_at: string;
}

export interface DeadEvent {
  engine: string;
  stream: string;
  partition: number;
  seq: number;
  event_id: string;
  tenant_id: string;
  event_type: string;
  key: string;
  state: string;
  attempts: number;
  next_attempt_at: string | null;
  error_code: string | null;
  error_message: string | null;
  fingerprint: string | null;
  parked_at: string;
  payload: unknown;
}

const WHERE = `
  ($1::text is null or engine = $1) and ($2::text is null or event_type = $2) and ($3::uuid is null or tenant_id = $3)
  and ($4::text is null or fingerprint = $4) and ($5::bigint is null or seq = $5)
  and ($6::text is null or state = $6) and ($7::timestamptz is null or parked_at >= $7)`;

function parametersOf({ engine, event_type, tenant_id, fingerprint, seq, state, since }: DeadFilter) {
  return [
    engine ?? null,
    event_type ?? null,
    tenant_id ?? null,
    fingerprint ?? null,
    seq ?? null,
    state ?? null,
    since ?? null,
  ];
}

/** Groups by engine and error, the largest first. */
export async function deadGroups(tx: Transaction, filter: DeadFilter): Promise<DeadGroup[]> {
  return await tx.query<DeadGroup & Record<string, unknown>>(
    `select engine, state, fingerprint, min(error_code) as error_code, min(error_message) as error_message,
            count(*) as events, min(parked_at) as first_parked_at, max(parked_at) as last_parked_at
     from parked_event where ${WHERE} group by engine, state, fingerprint order by events desc, engine`,
    parametersOf(filter),
  );
}

/** Single events in ledger order. */
export async function deadEvents(tx: Transaction, filter: DeadFilter, limit: number): Promise<DeadEvent[]> {
  return await tx.query<DeadEvent & Record<string, unknown>>(
    `select engine, stream, partition, seq, event_id, tenant_id, event_type, key, state, attempts, next_attempt_at,
            error_code, error_message, fingerprint, parked_at, payload
     from parked_event where ${WHERE} order by engine, seq limit ${Math.trunc(limit)}`,
    parametersOf(filter),
  );
}

/**
 * Gives events their attempts anew, from now on. A dead event whose key went on without it then runs out of order:
 * whoever calls this says so.
 */
export async function retryDead(tx: Transaction, filter: DeadFilter): Promise<number> {
  const rows = await tx.query(
    `update parked_event set state = 'parked', attempts = 0, in_hand = 0, next_attempt_at = clock_timestamp(), updated_at = now()
     where ${WHERE} and (state = 'dead' or next_attempt_at is not null) returning 1`,
    parametersOf(filter),
  );
  return rows.length;
}

/** Gives events up for good; what waits behind one gets its turn. */
export async function dropDead(tx: Transaction, filter: DeadFilter): Promise<number> {
  const dropped = await tx.query<{ engine: string; stream: string; partition: number; tenant_id: string; key: string }>(
    `with dropped as (
       delete from parked_event where ${WHERE} returning engine, stream, partition, tenant_id, key, seq),
     -- Dropped is done: a replay comes to it as to what was handled.
     forgotten as (delete from engine_unhandled u using dropped d where u.engine = d.engine and u.seq = d.seq)
     select engine, stream, partition, tenant_id, key from dropped`,
    parametersOf(filter),
  );
  await tx.query(
    `update parked_event p set next_attempt_at = clock_timestamp()
     from (select distinct engine, stream, partition, tenant_id, key
           from json_to_recordset($1::text::json) as d (engine text, stream text, partition integer, tenant_id uuid, key text)) d
     where p.engine = d.engine and p.stream = d.stream and p.partition = d.partition and p.tenant_id = d.tenant_id
       and p.key = d.key and p.state = 'parked' and p.next_attempt_at is null
       and p.seq = (select min(seq) from parked_event q where q.engine = p.engine and q.stream = p.stream
                      and q.partition = p.partition and q.tenant_id = p.tenant_id and q.key = p.key and q.state = 'parked')`,
    [JSON.stringify(dropped)],
  );
  return dropped.length;
}
