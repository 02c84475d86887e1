import type { EventEnvelope } from "../../contracts/envelope.ts";
import { Jobs } from "../../engine-host/jobs.ts";
import { buildMachinery, type Machinery, type MachineryParts } from "../../engine-host/machinery.ts";
import { startReplay } from "../../engine-host/replay.ts";
import { runReset } from "../../engine-host/reset.ts";
import type { Row } from "../../platform/database/database.ts";
import { OWNER } from "../../platform/database/roles.ts";
import { appendEvents, type NewEvent } from "../../platform/events/ledger.ts";
import { LedgerReader } from "../../platform/events/ledger-reader.ts";
import { DEFAULT_PARTITIONS } from "../../platform/events/partition.ts";
import { ensureStream } from "../../platform/events/stream-registry.ts";
import { nameOf, type PartitionPosition, type StreamEntry } from "../../platform/streams/streams.ts";

/** A handler threw, where the test did not expect that one does. */
export class HandlerFailed extends Error {
  readonly code = "handler_failed";
}

/** Far enough in the future that nothing put there becomes due during a test, and back without a trace. */
const LATER = "interval '36500 days'";

/** Takes events from the ledger through the host's own processing, and stops when none is left. */
export class Processing {
  readonly #parts: MachineryParts;
  readonly #machinery: Machinery;
  readonly #ledger: LedgerReader;
  readonly #jobs: Jobs;
  readonly #stopping = new AbortController();
  readonly #failures: HandlerFailed[];

  private constructor(parts: MachineryParts, machinery: Machinery, failures: HandlerFailed[]) {
    this.#parts = parts;
    this.#machinery = machinery;
    this.#failures = failures;
    this.#ledger = new LedgerReader(parts.database);
    this.#jobs = new Jobs(parts);
  }

  static async start(parts: MachineryParts): Promise<Processing> {
    const failures: HandlerFailed[] = [];
    const machinery = await buildMachinery({
      ...parts,
      parked: ({ stream, event_type, seq }, { code, message, cause }) => {
        failures.push(new HandlerFailed(`${stream}.${event_type} (seq ${seq}): ${code}: ${message}`, { cause }));
      },
    });
    const processing = new Processing(parts, machinery, failures);
    await processing.#take();
    return processing;
  }

  /** Commits events to the ledger, in this order, and has everything that is new handled; see `run`. */
  async feed(events: readonly NewEvent[], may_fail: boolean): Promise<EventEnvelope[]> {
    const { database } = this.#parts;
    for (const stream of new Set(events.map((event) => event.stream))) {
      await ensureStream(database, stream, DEFAULT_PARTITIONS);
    }
    await database.transaction({ role: OWNER }, (tx) => appendEvents(tx, events));
    await this.run(may_fail);
    return await database.query<EventEnvelope & Row>(
      "select * from event_log where event_id in (select json_array_elements_text($1::text::json)::uuid) order by seq",
      [JSON.stringify(events.map(({ event_id }) => event_id))],
    );
  }

  /** Handles everything that is new. Rejects with what a handler threw, after the event was parked, unless it `may_fail`. */
  async run(may_fail: boolean): Promise<void> {
    this.#failures.length = 0;
    await this.#take();
    for (let read = await this.#read(); read.length > 0; read = await this.#read()) {
      await this.#machinery.isolation.apply(read, this.#stopping.signal);
    }
    const [first] = this.#failures;
    if (first && !may_fail) throw first;
  }

  /**
   * One more attempt for each event that waits for its time, as if that had come, and for those behind it as they get
   * their turn. What fails again waits for the pause it was given then.
   */
  async retry(): Promise<void> {
    const { database, manifest } = this.#parts;
    const engine = [manifest.name];
    const [now] = await database.query<{ instant: string }>("select clock_timestamp() as instant");
    const round = [manifest.name, now?.instant ?? ""];
    await database.query(
      "update parked_event set next_attempt_at = $2 where engine = $1 and next_attempt_at is not null",
      round,
    );
    const names = [...(await this.#machinery.positions.owned()).keys()];
    while ((await this.#machinery.retries.run(names, this.#stopping.signal)) > 0) {
      // What has had its attempt in this round must not become due again within it, however short its pause is.
      await database.query(
        `update parked_event set next_attempt_at = next_attempt_at + ${LATER}
         where engine = $1 and updated_at >= $2 and next_attempt_at < $2::timestamptz + ${LATER}`,
        round,
      );
    }
    await database.query(
      `update parked_event set next_attempt_at = next_attempt_at - ${LATER}
       where engine = $1 and next_attempt_at > clock_timestamp() + ${LATER} / 2`,
      engine,
    );
    await this.run(true);
  }

  async replay(may_fail: boolean): Promise<void> {
    const { database, definition, manifest, log } = this.#parts;
    await startReplay(database, manifest.name, false);
    await runReset(database, definition, manifest, log);
    await this.run(may_fail);
  }

  async runJob(name: string): Promise<void> {
    await this.#jobs.runOnce(name);
    await this.run(false);
  }

  /** Where it stands in each partition it has come to. */
  async positions(): Promise<PartitionPosition[]> {
    const owned = await this.#machinery.positions.owned();
    return [...owned.values()].filter(({ position }) => position > 0);
  }

  /** Streams may have been made, and positions given up, since the last look. */
  async #take(): Promise<void> {
    await this.#machinery.positions.ensure();
    await this.#machinery.leases.balance();
  }

  /** The next batch, as the host's reader would give it: from all partitions, each in order. */
  async #read(): Promise<StreamEntry[][]> {
    const owned = await this.#machinery.positions.owned();
    const ends = await this.#parts.database.query<{ stream: string; partition: number; upto: number }>(
      "select stream, partition, max(seq) as upto from event_log group by stream, partition",
    );
    const spans = ends.flatMap((end) => {
      const after = owned.get(nameOf(end))?.position;
      return after !== undefined && after < end.upto ? [{ ...end, after }] : [];
    });
    return spans.length === 0 ? [] : await this.#ledger.partitions(spans, this.#parts.manifest.batch_size);
  }
}
