import type { Database } from "../platform/database/database.ts";
import { ENGINES } from "../platform/database/roles.ts";
import { nameOf, type PartitionName, type PartitionPosition, type StreamEntry } from "../platform/streams/streams.ts";
import type { Dispatch } from "./dispatch.ts";
import type { EngineManifest } from "./manifest.ts";
import type { EnginePositions } from "./positions.ts";

/** A batch transaction may stand idle for a handler's time and this; then the server ends it and its locks. */
const IDLE_AFTER_HANDLER_MS = 5000;

/** The position in Postgres is before what these entries follow: what lies between must be read first. */
export class Hole extends Error {
  readonly code = "hole";
}

/** What a batch did. */
export interface BatchOutcome {
  /** Events handed to handlers or passed over because nobody subscribes to them. */
  events: number;
  /** Positions as they stand in Postgres now. */
  positions: PartitionPosition[];
}

/**
 * Runs batches: one transaction that locks the positions, skips what is done, runs the handlers, advances the positions.
 * Effects are there exactly once because they commit with the position, whoever else runs the same engine.
 */
export class Batches {
  readonly #database: Database;
  readonly #manifest: EngineManifest;
  readonly #positions: EnginePositions;
  readonly #dispatch: Dispatch;

  constructor(database: Database, manifest: EngineManifest, positions: EnginePositions, dispatch: Dispatch) {
    this.#database = database;
    this.#manifest = manifest;
    this.#positions = positions;
    this.#dispatch = dispatch;
  }

  /**
   * Applies entries of one or more partitions, each in order and without a hole before it. `upto` advances a partition
   * further than its last entry: what lies between is known not to be there.
   */
  async apply(
    batches: readonly (readonly StreamEntry[])[],
    stopping: AbortSignal,
    upto: ReadonlyMap<PartitionName, PartitionPosition> = new Map(),
  ): Promise<BatchOutcome> {
    const ends = new Map(upto);
    for (const entries of batches) {
      const last = entries.at(-1);
      if (!last || (ends.get(nameOf(last))?.position ?? 0) > last.seq) continue;
      ends.set(nameOf(last), { stream: last.stream, partition: last.partition, position: last.seq });
    }
    const scope = { role: ENGINES, idle_timeout_ms: this.#manifest.handler_timeout_ms + IDLE_AFTER_HANDLER_MS };
    return await this.#database.transaction(scope, async (tx) => {
      const locked = await this.#positions.lock(tx, [...ends.values()]);
      for (const [first] of batches) {
        if (first && first.prev > (locked.get(nameOf(first)) ?? 0)) {
          throw new Hole(`${nameOf(first)}: position ${locked.get(nameOf(first))} is before ${first.prev}`);
        }
      }
      const fresh = batches
        .flat()
        .filter((entry) => entry.seq > (locked.get(nameOf(entry)) ?? Number.POSITIVE_INFINITY));
      await this.#dispatch.run(tx, fresh, stopping);
      await this.#positions.advance(tx, [...ends.values()]);
      const positions = [...ends].map(([name, end]) => ({
        ...end,
        position: Math.max(end.position, locked.get(name) ?? 0),
      }));
      return { events: fresh.length, positions };
    });
  }
}
