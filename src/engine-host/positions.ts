import type { Database, Transaction } from "../platform/database/database.ts";
import { madeStreams } from "../platform/events/stream-registry.ts";
import { nameOf, type PartitionName, type PartitionPosition, type PartitionRef } from "../platform/streams/streams.ts";
import type { EngineManifest } from "./manifest.ts";

type Positions = Map<PartitionName, PartitionPosition>;

/** The places of one engine, in Postgres: they move only in the transaction of the effects. */
export class EnginePositions {
  readonly #database: Database;
  readonly #manifest: EngineManifest;

  constructor(database: Database, manifest: EngineManifest) {
    this.#database = database;
    this.#manifest = manifest;
  }

  /** Makes missing rows (at the beginning of history, or at what the relay has settled) and loads all. */
  async load(): Promise<Positions> {
    const { name, from, subscriptions } = this.#manifest;
    const made = await madeStreams(this.#database);
    const wanted: PartitionRef[] = Object.keys(subscriptions).flatMap((stream) =>
      Array.from({ length: made.get(stream) ?? 0 }, (_, partition) => ({ stream, partition })),
    );
    const rows = await this.#database.query<{ stream: string; partition: number; position: number }>(
      `with wanted as (select stream, partition from json_to_recordset($2::text::json) as (stream text, partition integer)),
       made as (
         insert into engine_position (engine, stream, partition, position)
         select $1, w.stream, w.partition, case when $3 = 'now' then coalesce(p.last_seq, 0) else 0 end
         from wanted w left join relay_progress p using (stream, partition)
         on conflict do nothing
         returning stream, partition, position)
       select stream, partition, position from made
       union all
       select p.stream, p.partition, p.position from engine_position p join wanted using (stream, partition)
       where p.engine = $1`,
      [name, JSON.stringify(wanted), from],
    );
    return new Map(rows.map((row) => [nameOf(row), row]));
  }

  /** What the relay has published in each partition that is further than `positions`: there is something to read. */
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

  /** Locks the rows of `refs` in (stream, partition) order and gives the positions that are true. */
  async lock(tx: Transaction, refs: readonly PartitionRef[]): Promise<Map<PartitionName, number>> {
    const rows = await tx.query<{ stream: string; partition: number; position: number }>(
      `select stream, partition, position from engine_position
       where engine = $1 and (stream, partition) in
         (select stream, partition from json_to_recordset($2::text::json) as (stream text, partition integer))
       order by stream, partition for update`,
      [this.#manifest.name, JSON.stringify(refs.map(({ stream, partition }) => ({ stream, partition })))],
    );
    return new Map(rows.map((row) => [nameOf(row), row.position]));
  }

  /** Moves the locked rows forward. */
  async advance(tx: Transaction, positions: readonly PartitionPosition[]): Promise<void> {
    await tx.query(
      `update engine_position p set position = n.position, updated_at = now(), starts_without_commit = 0
       from json_to_recordset($2::text::json) as n (stream text, partition integer, position bigint)
       where p.engine = $1 and p.stream = n.stream and p.partition = n.partition and p.position < n.position`,
      [this.#manifest.name, JSON.stringify(positions)],
    );
  }
}
