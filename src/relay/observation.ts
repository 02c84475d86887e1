import type { Database } from "../platform/database/database.ts";
import type { Log } from "../platform/observability/log.ts";
import type { EventStreams } from "../platform/streams/streams.ts";
import { Every } from "./every.ts";
import type { RelayMetrics } from "./relay-metrics.ts";
import { ledgerStatus } from "./status.ts";
import { stoppedEngines } from "./stopped-engines.ts";
import { walArchiveFails } from "./wal-archive.ts";

/** Counting a long backlog takes the database a tenth of a second. */
const EVERY_MS = 5000;

/** Keeps the metrics of lag and streams true, on active and standing-by relays alike. */
export class Observation {
  readonly #database: Database;
  readonly #streams: EventStreams;
  readonly #metrics: RelayMetrics;
  readonly #every: Every;

  constructor(database: Database, streams: EventStreams, metrics: RelayMetrics, log: Log) {
    this.#database = database;
    this.#streams = streams;
    this.#metrics = metrics;
    const failed = (error: unknown) => log.debug({ err: error }, "lag cannot be told now");
    this.#every = new Every(EVERY_MS, () => this.look(), failed);
  }

  start(): void {
    this.#every.start();
  }

  async look(): Promise<void> {
    const { head, room, settled_seq, lag_events, lag_seconds, partitions } = await ledgerStatus(
      (work) => this.#database.transaction({}, work),
      this.#streams,
    );
    const { stream_entries, stream_bytes, engine_stopped, ...of } = this.#metrics;
    of.head.set(head);
    of.room.set(room);
    of.settled.set(settled_seq);
    of.lag_events.set(lag_events);
    of.lag_seconds.set(lag_seconds);
    of.wal_archive_failing.set((await walArchiveFails(this.#database)) ? 1 : 0);
    const engines = await stoppedEngines(this.#database);
    engine_stopped.reset();
    for (const { engine, seconds } of engines) engine_stopped.set({ engine }, seconds);
    for (const { stream, partition, length, bytes } of partitions) {
      stream_entries.set({ stream, partition }, length ?? 0);
      stream_bytes.set({ stream, partition }, bytes ?? 0);
    }
    of.observed.setToCurrentTime();
  }

  async stop(): Promise<void> {
    await this.#every.stop();
  }
}
