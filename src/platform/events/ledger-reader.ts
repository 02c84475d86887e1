import type { Database, Row } from "../database/database.ts";
import { nameOf, type PartitionRef, type StoredEvent, type StreamEntry } from "../streams/streams.ts";

const COLUMNS = `seq, event_id, tenant_id, stream, partition, event_type, version, key, payload::text as payload,
  occurred_at, trace, causation_id, hops`;

/** Payloads of up to 1 MB each must not add up: a read stops after this many bytes of them. */
const PAGE_BYTES = 2 * 1024 * 1024;

/**
 * Cuts what `events` gives where so many bytes of payload are reached; one row at least. Rows that are cut off are read
 * by the server all the same, which is why a caller's `limit` should follow what came back.
 */
function bounded(events: string, bytes = `${PAGE_BYTES}`): string {
  return `
    select * from (
      select *, sum(octet_length(payload)) over (order by seq rows unbounded preceding) as bytes from (${events}) e
    ) p where bytes - octet_length(payload) < ${bytes} order by seq`;
}

/** Pages of some partitions, in one statement; `prev` of a page's first event is looked up, of the others known. */
const PAGES = `
  select page.* from json_to_recordset($1::text::json) as wanted (stream text, partition integer, after bigint, upto bigint)
  cross join lateral (
    select b.*, coalesce(lag(b.seq) over (order by b.seq), (
      select l.seq from event_log l where l.stream = wanted.stream and l.partition = wanted.partition and l.seq < b.seq
      order by l.seq desc limit 1), 0) as prev
    from (${bounded(
      `select ${COLUMNS} from event_log
       where stream = wanted.stream and partition = wanted.partition and seq > wanted.after and seq <= wanted.upto
       order by seq limit $2`,
      "$3::bigint",
    )}) b) page
  order by page.stream, page.partition, page.seq`;

/**
 * Which ledger this is: another one after a restore, a failover or a restart of the server, whoever answers at the same
 * address, also behind a pool.
 */
export const INCARNATION = `(select extract(epoch from pg_postmaster_start_time())::text || ' ' ||
  (select oid from pg_database where datname = current_database()) || ' ' || 'event_log'::regclass::oid)`;

/** Newest `seq` handed out, seqs left in made ranges, width of the newest range. */
export type LedgerRoom = { head: number; room: number; range_size: number };

/** A read of the ledger, bounded in rows and bytes. */
export interface LedgerPage {
  events: StoredEvent[];
  /** True when the bounds ended it: there may be more. */
  more: boolean;
  /** Which ledger was read; undefined when nothing was. */
  incarnation: string | undefined;
}

type EventRow = StoredEvent & Row;

/** The events of a partition in (after, upto]. */
export interface PartitionSpan extends PartitionRef {
  after: number;
  upto: number;
}

/**
 * Reads the ledger across tenants, under a login that may. Sees what is committed: a smaller `seq` may still become
 * visible later, so only the relay, which judges gaps, may conclude anything from a missing one.
 */
export class LedgerReader {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  /** Events after `seq` of all streams, in order: `limit` at most, fewer when they are large. */
  async after(seq: number, limit: number): Promise<StoredEvent[]> {
    return (await this.page(seq, limit)).events;
  }

  /** The same with what a reader that goes on needs to know. */
  async page(seq: number, limit: number): Promise<LedgerPage> {
    const events = await this.#database.query<EventRow & { bytes: number; incarnation: string }>(
      bounded(`select ${COLUMNS}, ${INCARNATION} as incarnation from event_log where seq > $1 order by seq limit $2`),
      [seq, limit],
    );
    const last = events.at(-1);
    return {
      events,
      more: events.length === limit || (last !== undefined && last.bytes >= PAGE_BYTES),
      incarnation: last?.incarnation,
    };
  }

  /** Entries of one partition in (after, upto], in order: `limit` at most, fewer when they are large. */
  async partition(ref: PartitionRef, after: number, upto: number, limit: number): Promise<StreamEntry[]> {
    return (await this.partitions([{ stream: ref.stream, partition: ref.partition, after, upto }], limit))[0] ?? [];
  }

  /** The same of several partitions, `limit` of each at most; those that have nothing there are left out. */
  async partitions(wanted: readonly PartitionSpan[], limit: number): Promise<StreamEntry[][]> {
    const bytes = Math.ceil(PAGE_BYTES / wanted.length);
    const events = await this.#database.query<StreamEntry & Row & { bytes: number }>(PAGES, [
      JSON.stringify(wanted),
      limit,
      bytes,
    ]);
    return [...Map.groupBy(events, nameOf).values()];
  }

  /** Greatest `seq` of the partition below `seq`; 0 when there is none. */
  async before(ref: PartitionRef, seq: number): Promise<number> {
    const [row] = await this.#database.query<{ seq: number }>(
      "select seq from event_log where stream = $1 and partition = $2 and seq < $3 order by seq desc limit 1",
      [ref.stream, ref.partition, seq],
    );
    return row?.seq ?? 0;
  }

  /** The newest event of a partition. */
  async newest(ref: PartitionRef): Promise<{ seq: number; event_id: string } | undefined> {
    const [row] = await this.#database.query<{ seq: number; event_id: string }>(
      "select seq, event_id from event_log where stream = $1 and partition = $2 order by seq desc limit 1",
      [ref.stream, ref.partition],
    );
    return row;
  }

  /** `event_id` of each of `seqs` that the ledger holds. */
  async eventIds(seqs: readonly number[]): Promise<Map<number, string>> {
    const rows = await this.#database.query<{ seq: number; event_id: string }>(
      `select seq, event_id from event_log
       where seq in (select value::bigint from json_array_elements_text($1::text::json))`,
      [JSON.stringify(seqs)],
    );
    return new Map(rows.map((row) => [row.seq, row.event_id]));
  }

  /** Smallest `seq` still held; 0 for an empty ledger. */
  async oldest(): Promise<number> {
    const [row] = await this.#database.query<{ seq: number }>("select seq from event_log order by seq limit 1");
    return row?.seq ?? 0;
  }

  /** Newest `seq` handed out and how much room the made ranges have left. */
  async room(): Promise<LedgerRoom> {
    const [row] = await this.#database.query<LedgerRoom>("select head, room, range_size from event_log_room()");
    return row ?? { head: 0, room: 0, range_size: 1 };
  }
}
