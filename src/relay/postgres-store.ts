import type { Database } from "../platform/database/database.ts";
import { Lease } from "../platform/database/lease.ts";
import { INCARNATION, type LedgerPage, LedgerReader, type LedgerRoom } from "../platform/events/ledger-reader.ts";
import { madeStreams } from "../platform/events/stream-registry.ts";
import { nameOf, type PartitionName, type PartitionRef, type StreamEntry } from "../platform/streams/streams.ts";
import type { PartitionEnd, RelayStore, StoredProgress } from "./relay-store.ts";

const REFILL_PAGE = 1000;
/** An engine that has not moved for this long holds nothing back any more. */
export const STOPPED_ENGINE_DAYS = 14;

/**
 * Holders of RowExclusiveLock on the ledger's parent, in this database. A prepared transaction has no pid and a
 * virtual transaction of its own.
 */
const WRITERS = `
  select coalesce(virtualtransaction, '') || ' ' || coalesce(pid, 0) as writer
  from pg_locks
  where locktype = 'relation' and mode = 'RowExclusiveLock' and granted
    and database = (select oid from pg_database where datname = current_database())
    and relation = 'event_log'::regclass`;

const SLOWEST = `
  select stream, partition, min(position) as position
  from engine_position p
  where (select max(greatest(l.updated_at, l.lease_until)) from engine_position l where l.engine = p.engine)
        > now() - make_interval(days => ${STOPPED_ENGINE_DAYS})
  group by stream, partition`;

const LOAD = `
  select i.incarnation, p.stream, p.partition, p.settled_seq, p.last_seq
  from (select ${INCARNATION} as incarnation) i left join relay_progress p on true`;

const SAVE = `
  with this as (select $1::text = ${INCARNATION} as same),
  saved as (
    insert into relay_progress as p (stream, partition, settled_seq, last_seq)
    select n.stream, n.partition, $2::bigint, n.last_seq
    from this, json_to_recordset($3::text::json) as n (stream text, partition integer, last_seq bigint)
    where this.same
    on conflict (stream, partition) do update
      set settled_seq = greatest(p.settled_seq, excluded.settled_seq),
          last_seq = greatest(p.last_seq, excluded.last_seq), updated_at = now())
  select same from this`;

/** The relay's statements. */
export class PostgresRelayStore implements RelayStore {
  readonly #database: Database;
  readonly #ledger: LedgerReader;
  readonly #lease: Lease;

  /** `database` is logged in as the relay's role; `owner` is unique to this process. */
  constructor(database: Database, owner: string, lease_seconds: number) {
    this.#database = database;
    this.#ledger = new LedgerReader(database);
    this.#lease = new Lease(database, "relay", owner, lease_seconds);
  }

  get losses(): number {
    return this.#database.losses;
  }

  async page(seq: number, limit: number): Promise<LedgerPage> {
    return await this.#ledger.page(seq, limit);
  }

  async partition(ref: PartitionRef, after: number, upto: number): Promise<StreamEntry[]> {
    return await this.#ledger.partition(ref, after, upto, REFILL_PAGE);
  }

  async before(ref: PartitionRef, seq: number): Promise<number> {
    return await this.#ledger.before(ref, seq);
  }

  async eventIds(seqs: readonly number[]): Promise<Map<number, string>> {
    return await this.#ledger.eventIds(seqs);
  }

  async room(): Promise<LedgerRoom & { incarnation: string }> {
    const [row] = await this.#database.query<LedgerRoom & { incarnation: string }>(
      `select head, room, range_size, ${INCARNATION} as incarnation from event_log_room()`,
    );
    return row ?? { head: 0, room: 0, range_size: 1, incarnation: "" };
  }

  async extend(): Promise<void> {
    await this.#database.query("select event_log_extend()");
  }

  async partitions(): Promise<PartitionRef[]> {
    const refs: PartitionRef[] = [];
    for (const [stream, partitions] of await madeStreams(this.#database)) {
      for (let partition = 0; partition < partitions; partition++) refs.push({ stream, partition });
    }
    return refs;
  }

  async writers(): Promise<Set<string>> {
    const rows = await this.#database.query<{ writer: string }>(WRITERS);
    return new Set(rows.map(({ writer }) => writer));
  }

  async slowest(): Promise<Map<PartitionName, number>> {
    const rows = await this.#database.query<{ stream: string; partition: number; position: number }>(SLOWEST);
    return new Map(rows.map((row) => [nameOf(row), row.position]));
  }

  async load(): Promise<StoredProgress> {
    const rows = await this.#database.query<
      { incarnation: string; settled_seq: number | null } & { [K in keyof PartitionEnd]: PartitionEnd[K] | null }
    >(LOAD);
    const ends = rows.flatMap(({ stream, partition, last_seq }) =>
      stream === null || partition === null || last_seq === null ? [] : [{ stream, partition, last_seq }],
    );
    return {
      incarnation: rows[0]?.incarnation ?? "",
      settled_seq: Math.max(0, ...rows.map(({ settled_seq }) => settled_seq ?? 0)),
      ends,
    };
  }

  async save({ incarnation, settled_seq, ends }: StoredProgress): Promise<boolean> {
    // In one order, so that two relays do not lock each other out.
    const sorted = [...ends].sort((a, b) => a.partition - b.partition || (a.stream < b.stream ? -1 : 1));
    const [row] = await this.#database.query<{ same: boolean }>(SAVE, [
      incarnation,
      settled_seq,
      JSON.stringify(sorted),
    ]);
    return row?.same ?? false;
  }

  async lead(): Promise<boolean> {
    return await this.#lease.hold();
  }

  async resign(): Promise<void> {
    await this.#lease.release();
  }
}
