import type { Database } from "../platform/database/database.ts";
import type { Log } from "../platform/observability/log.ts";
import { type EventStreams, nameOf, type PartitionRef, type ReaderPlace } from "../platform/streams/streams.ts";
import { Every } from "./every.ts";

const EVERY_MS = 5000;
/** Events of a partition that are counted; how dense they lie tells how many more there are. */
const COUNTED = 1000;

const PLACES = `
  select r.stream, r.partition, p.engine as name, coalesce(p.position, 0) as position,
         case when near.events < ${COUNTED} then near.events
              else round(near.events::float8 * (r.last_seq - p.position) / (near.upto - p.position))::bigint end as behind
  from relay_progress r
  left join engine_position p on p.stream = r.stream and p.partition = r.partition
  cross join lateral (
    select count(*) as events, max(seq) as upto from (
      select l.seq from event_log l
      where l.stream = r.stream and l.partition = r.partition and l.seq > p.position and l.seq <= r.last_seq
      order by l.seq limit ${COUNTED}) e) near`;

type Place = PartitionRef & { name: string | null; position: number; behind: number };

export interface MirrorParts {
  database: Database;
  streams: EventStreams;
  /** The relay beside it: the one that is active mirrors. */
  relay: { readonly active: boolean };
  log: Log;
}

/**
 * Shows engines' positions as consumer groups of the streams, so that any tool for Redis tells their lag. Positions are in
 * Postgres: nothing is read from these groups, and nothing is lost with them.
 */
export class Mirror {
  readonly #parts: MirrorParts;
  readonly #every: Every;

  constructor(parts: MirrorParts) {
    this.#parts = parts;
    this.#every = new Every(
      EVERY_MS,
      async () => {
        if (parts.relay.active) await this.show();
      },
      (error) => parts.log.debug({ err: error }, "positions cannot be mirrored now"),
    );
  }

  start(): void {
    if (this.#parts.streams.kind === "redis") this.#every.start();
  }

  async show(): Promise<void> {
    const { database, streams } = this.#parts;
    const places = await database.query<Place & Record<string, unknown>>(PLACES);
    for (const rows of Map.groupBy(places, nameOf).values()) {
      const [ref] = rows;
      const readers = rows.flatMap(({ name, position, behind }): ReaderPlace[] =>
        name === null ? [] : [{ name, position, behind }],
      );
      if (ref) await streams.mirror(ref, readers);
    }
  }

  async stop(): Promise<void> {
    await this.#every.stop();
  }
}
