import type { Database } from "../platform/database/database.ts";
import { appendLast } from "../platform/events/ledger.ts";
import { nameOf, type PartitionName } from "../platform/streams/streams.ts";
import { handlerScope, NotOwner } from "./batches.ts";
import type { Dispatch } from "./dispatch.ts";
import { Crashed, DEATHS, failureOf, isBlameless } from "./failure.ts";
import type { EngineManifest } from "./manifest.ts";
import type { ParkedEvent, Parking } from "./parking.ts";
import type { EnginePositions } from "./positions.ts";
import { Unhandled } from "./unhandled.ts";

const AT_ONCE = 100;

export interface RetryParts {
  database: Database;
  manifest: EngineManifest;
  positions: EnginePositions;
  parking: Parking;
  dispatch: Dispatch;
  /** Called when handlers have emitted events, and they are committed. */
  published: () => void;
}

/** Tries parked events again when their time has come, fenced by the position row as batches are. */
export class Retries {
  readonly #parts: RetryParts;
  readonly #unhandled: Unhandled;
  /** Events that this process has had in hand and put back, for a reason of the surroundings. */
  readonly #put_back = new Set<number>();

  constructor(parts: RetryParts) {
    this.#parts = parts;
    this.#unhandled = new Unhandled(parts.manifest.name);
  }

  /** Handles what is due in the partitions named; returns how many were. */
  async run(names: readonly PartitionName[], stopping: AbortSignal): Promise<number> {
    if (names.length === 0) return 0;
    const due = await this.#parts.parking.due(this.#parts.database, names, AT_ONCE);
    for (const event of due) {
      if (stopping.aborted) return 0;
      await this.#retry(event, stopping);
    }
    return due.length;
  }

  /** These partitions were taken over: what another program did not know of them may be known here. */
  async reconsider(names: readonly PartitionName[]): Promise<void> {
    await this.#parts.parking.reconsider(this.#parts.database, names);
  }

  async #retry(event: ParkedEvent, stopping: AbortSignal): Promise<void> {
    const { database, parking, dispatch, published } = this.#parts;
    // A crash takes its own count with it, and this one would be tried again by whoever comes next.
    const deaths = (await parking.takeInHand(database, event, this.#put_back.delete(event.seq))) - 1;
    try {
      if (deaths >= DEATHS) throw new Crashed(deaths);
      let emitted = 0;
      await this.#fenced(event, async (tx, replay_until) => {
        const taken = await parking.take(tx, event);
        if (!taken) return;
        const { isReplay, handled } = await this.#unhandled.among(tx, [taken], () => replay_until);
        const attempt = taken.attempts + 1;
        const events = await dispatch.run(tx, { entries: [taken], attempt, isReplay, stopping });
        await handled();
        await parking.succeed(tx, taken);
        appendLast(tx, events);
        emitted = events.length;
      });
      if (emitted > 0) published();
    } catch (error) {
      if (isBlameless(error) || stopping.aborted) {
        this.#put_back.add(event.seq);
        // What is not noted counts as a death of the process: one alone does no harm.
        if (stopping.aborted) await parking.putBack(database, event).catch(() => undefined);
        throw error;
      }
      await this.#fenced(event, async (tx) => {
        const taken = await parking.take(tx, event);
        if (taken) await parking.fail(tx, taken, failureOf(error));
      });
    }
  }

  async #fenced(
    event: ParkedEvent,
    work: (tx: Parameters<Parameters<Database["transaction"]>[1]>[0], replay_until: number) => Promise<void>,
  ): Promise<void> {
    const { database, manifest, positions } = this.#parts;
    await database.transaction(handlerScope(manifest), async (tx) => {
      const row = (await positions.lock(tx, [event])).get(nameOf(event));
      if (!row) throw new NotOwner(`${nameOf(event)} belongs to another host now`);
      await work(tx, row.replay_until);
    });
  }
}
