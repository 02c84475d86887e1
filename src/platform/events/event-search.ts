import type { Row, Transaction } from "../database/database.ts";
import type { StoredEvent } from "../streams/streams.ts";

/** What an event must be to be found; what is left out may be anything. */
export interface EventFilter {
  event_type?: string | undefined;
  tenant_id?: string | undefined;
  key?: string | undefined;
  stream?: string | undefined;
  /** Instants between which it happened: from the first on, before the second. */
  since?: string | undefined;
  until?: string | undefined;
}

const COLUMNS = `seq, event_id, tenant_id, stream, partition, event_type, version, key, payload::text as payload,
  occurred_at, trace, causation_id, hops`;

const MATCHES = `($1::text is null or event_type = $1) and ($2::uuid is null or tenant_id = $2)
  and ($3::text is null or key = $3) and ($4::text is null or stream = $4)
  and ($5::timestamptz is null or occurred_at >= $5) and ($6::timestamptz is null or occurred_at < $6)`;

function parametersOf({ event_type, tenant_id, key, stream, since, until }: EventFilter): (string | null)[] {
  return [event_type, tenant_id, key, stream, since, until].map((value) => value ?? null);
}

/** Events after `seq` that match, the newest `limit` of them, in order. Reads backwards from the newest. */
export async function newestEvents(
  tx: Transaction,
  filter: EventFilter,
  seq: number,
  limit: number,
): Promise<StoredEvent[]> {
  const rows = await tx.query<StoredEvent & Row>(
    `select ${COLUMNS} from event_log where ${MATCHES} and seq > $7 order by seq desc limit $8`,
    [...parametersOf(filter), seq, limit],
  );
  return rows.reverse();
}

/** One event by its place or its id; undefined when the ledger does not hold it. */
export async function findEvent(tx: Transaction, name: string): Promise<StoredEvent | undefined> {
  const condition = /^\d{1,15}$/.test(name) ? "seq = $1::bigint" : "event_id = $1::uuid";
  const [row] = await tx.query<StoredEvent & Row>(`select ${COLUMNS} from event_log where ${condition}`, [name]);
  return row;
}
