import type { Row, Transaction } from "../platform/database/database.ts";
import { type EventStreams, nameOf, type PartitionRef } from "../platform/streams/streams.ts";

/** How a partition stands. */
export interface PartitionStatus extends PartitionRef {
  /** Newest published event. */
  last_seq: number;
  /** Entries in its stream and the memory they take; null when the streams were not asked. */
  length: number | null;
  bytes: number | null;
}

/** How far ledger and relay are. */
export interface LedgerStatus {
  /** Newest `seq` handed out. */
  head: number;
  /** `seq`s left in the ranges that are made. */
  room: number;
  /** Everything up to this is published. */
  settled_seq: number;
  /** Committed events that are not published yet; beyond LAG_COUNTED by their `seq`s, of which some may be no event's. */
  lag_events: number;
  /** Age of the oldest of them; 0 when there is none. */
  lag_seconds: number;
  /** Who leads; null when nobody does. */
  relay: string | null;
  partitions: PartitionStatus[];
}

/** Counting further would cost more than it tells. */
export const LAG_COUNTED = 10_000;

const STATUS = `
  with place as (select coalesce(max(settled_seq), 0) as settled_seq from relay_progress),
  behind as (
    select count(*) as events, min(occurred_at) as oldest
    from (select occurred_at from event_log where seq > (select settled_seq from place)
          order by seq limit ${LAG_COUNTED}) e)
  select r.head, r.room, place.settled_seq,
         case when behind.events < ${LAG_COUNTED} then behind.events
              else greatest(behind.events, r.head - place.settled_seq) end as lag_events,
         coalesce(greatest(extract(epoch from clock_timestamp() - behind.oldest), 0), 0)::float8 as lag_seconds,
         (select owner from lease where name = 'relay' and lease_until > clock_timestamp()) as relay
  from event_log_room() r, place, behind`;

const PARTITIONS = `
  select s.stream, n as partition, coalesce(p.last_seq, 0) as last_seq
  from event_stream s cross join generate_series(0, s.partitions - 1) n
  left join relay_progress p on p.stream = s.stream and p.partition = n
  order by s.stream, n`;

/** Reads the status in transactions that `read` opens, and asks `streams` outside of them. */
export async function ledgerStatus(
  read: <T>(work: (tx: Transaction) => Promise<T>) => Promise<T>,
  streams?: EventStreams,
): Promise<LedgerStatus> {
  const { status, rows } = await read(async (tx) => {
    const [found] = await tx.query<Omit<LedgerStatus, "partitions"> & Row>(STATUS);
    if (!found) throw new Error("the ledger does not tell its status");
    return { status: found, rows: await tx.query<PartitionRef & { last_seq: number } & Row>(PARTITIONS) };
  });
  // Not inside the transaction: in one process the streams ask the same, only connection.
  const ends = await streams?.ends(rows);
  return {
    ...status,
    partitions: rows.map((row) => {
      const end = ends?.get(nameOf(row));
      return { ...row, length: ends ? (end?.length ?? 0) : null, bytes: ends ? (end?.bytes ?? 0) : null };
    }),
  };
}
