import type { Database, Transaction } from "../platform/database/database.ts";
import { nameOf, type PartitionName, type PartitionPosition, type PartitionRef } from "../platform/streams/streams.ts";
import type { EngineManifest } from "./manifest.ts";

/** A position row, locked by the transaction at hand. */
export interface LockedPosition {
  position: number;
  /** Everything up to here was handled once before a replay. */
  replay_until: number;
  /** Some event of the partition waits or is dead. */
  parked: boolean;
}

const PARKED = `select 1 from parked_event e
                where e.engine = p.engine and e.stream = p.stream and e.partition = p.partition`;

const FORWARD = `position = n.position, updated_at = now(), starts_without_commit = 0, in_hand_seq = null,
         in_hand_attempt = null`;

/** The places of one engine, in Postgres: they move only in the transaction of the effects. */
export class EnginePositions {
  readonly #database: Database;
  readonly #manifest: EngineManifest;
  readonly #owner: string;

  constructor(database: Database, manifest: EngineManifest, owner: string) {
    this.#database = database;
    this.#manifest = manifest;
    this.#owner = owner;
  }

  /** Makes the rows that are missing: at the beginning of history, or at what the relay has published by now. */
  async ensure(): Promise<void> {
    const { name, from, subscriptions } = this.#manifest;
    await this.#database.query(
      `insert into engine_position (engine, stream, partition, position)
       select $1, s.stream, n.partition, case when $3 = 'now' then coalesce(p.last_seq, 0) else 0 end
       from event_stream s cross join lateral generate_series(0, s.partitions - 1) as n (partition)
       left join relay_progress p on p.stream = s.stream and p.partition = n.partition
       where s.stream in (select json_array_elements_text($2::text::json))
       on conflict do nothing`,
      [name, JSON.stringify(Object.keys(subscriptions)), from],
    );
  }

  /** Positions of the partitions that belong to this instance. */
  async owned(): Promise<Map<PartitionName, PartitionPosition>> {
    const rows = await this.#database.query<{ stream: string; partition: number; position: number }>(
      "select stream, partition, position from engine_position where engine = $1 and owner = $2",
      [this.#manifest.name, this.#owner],
    );
    return new Map(rows.map((row) => [nameOf(row), row]));
  }

  /** Where the relay has published more than `positions` have seen: there is something to read. */
  async behind(positions: ReadonlyMap<PartitionName, PartitionPosition>): Promise<(PartitionRef & { upto: number })[]> {
    const rows = await this.#database.query<{ stream: string; partition: number; last_seq: number }>(
      "select stream, partition, last_seq from relay_progress",
    );
    return rows.flatMap((row) => {
      const position = positions.get(nameOf(row))?.position;
      return position !== undefined && position < row.last_seq
        ? [{ stream: row.stream, partition: row.partition, upto: row.last_seq }]
        : [];
    });
  }

  /** Locks the rows of `refs` that are this instance's, in (stream, partition) order: nobody else may commit on them. */
  async lock(tx: Transaction, refs: Iterable<PartitionRef>): Promise<Map<PartitionName, LockedPosition>> {
    return await this.#rows(tx, refs, "for update");
  }

  /** Whether these are the positions now, and this instance's. */
  async areStill(expected: ReadonlyMap<PartitionName, LockedPosition>, refs: Iterable<PartitionRef>): Promise<boolean> {
    const rows = await this.#rows(this.#database, refs, "");
    return [...expected].every(([name, { position, replay_until, parked }]) => {
      const row = rows.get(name);
      return row?.position === position && row.replay_until === replay_until && row.parked === parked;
    });
  }

  async #rows(
    db: Pick<Transaction, "query">,
    refs: Iterable<PartitionRef>,
    lock: "for update" | "",
  ): Promise<Map<PartitionName, LockedPosition>> {
    const wanted = Array.from(refs, ({ stream, partition }) => ({ stream, partition }));
    const rows = await db.query<LockedPosition & { stream: string; partition: number } & Record<string, unknown>>(
      `select stream, partition, position, replay_until, exists (${PARKED}) as parked
       from engine_position p
       where engine = $1 and owner = $2 and (stream, partition) in
         (select stream, partition from json_to_recordset($3::text::json) as (stream text, partition integer))
       order by stream, partition ${lock}`,
      [this.#manifest.name, this.#owner, JSON.stringify(wanted)],
    );
    return new Map(rows.map(({ stream, partition, ...row }) => [nameOf({ stream, partition }), row]));
  }

  /** Moves the locked rows forward when the transaction ends; a commit proves that the start was a good one. */
  advance(tx: Transaction, positions: readonly PartitionPosition[]): void {
    tx.last(
      `update engine_position p set ${FORWARD}
       from json_to_recordset($2::text::json) as n (stream text, partition integer, position bigint)
       where p.engine = $1 and p.stream = n.stream and p.partition = n.partition and p.position < n.position`,
      [this.#manifest.name, JSON.stringify(positions)],
    );
  }

  /**
   * The same for rows that were not locked, and where nothing is parked: where one of them is another's, or is not what
   * `expected` says, nothing is committed (the division by zero fails the transaction).
   */
  advanceFrom(
    tx: Transaction,
    expected: ReadonlyMap<PartitionName, LockedPosition>,
    positions: readonly PartitionPosition[],
  ): void {
    const moves = positions.map((move) => {
      const { position: after = 0, replay_until = 0 } = expected.get(nameOf(move)) ?? {};
      return { ...move, position: Math.max(move.position, after), after, replay_until };
    });
    tx.last(
      `with moved as (
         update engine_position p set ${FORWARD}
         from json_to_recordset($3::text::json)
           as n (stream text, partition integer, position bigint, after bigint, replay_until bigint)
         where p.engine = $1 and p.owner = $2 and p.stream = n.stream and p.partition = n.partition
           and p.position = n.after and p.replay_until = n.replay_until and not exists (${PARKED})
         returning 1)
       select 1 / (count(*) = json_array_length($3::text::json))::integer from moved`,
      [this.#manifest.name, this.#owner, JSON.stringify(moves)],
    );
  }

  /** Notes, in a commit of its own, that this event is about to be handled; returns how often that was noted by now. */
  async takeInHand(ref: PartitionRef, seq: number): Promise<number> {
    const [row] = await this.#database.query<{ in_hand_attempt: number }>(
      `update engine_position
       set in_hand_attempt = case when in_hand_seq = $4 then in_hand_attempt + 1 else 1 end, in_hand_seq = $4
       where engine = $1 and stream = $2 and partition = $3 and owner = $5
       returning in_hand_attempt`,
      [this.#manifest.name, ref.stream, ref.partition, seq, this.#owner],
    );
    return row?.in_hand_attempt ?? 1;
  }
}
