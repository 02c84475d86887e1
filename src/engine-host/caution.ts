import { nameOf, type PartitionName, type StreamEntry } from "../platform/streams/streams.ts";
import type { Batches, BatchOutcome } from "./batches.ts";
import { Crashed, DEATHS, failureOf } from "./failure.ts";
import type { Isolation } from "./isolation.ts";
import type { TakenPartition } from "./leases.ts";
import type { EngineManifest } from "./manifest.ts";
import type { EnginePositions } from "./positions.ts";

/** Starts without a commit from which on a partition's events are taken singly. */
const WARY_FROM = 2;

export interface CautionParts {
  positions: EnginePositions;
  batches: Batches;
  isolation: Isolation;
  manifest: EngineManifest;
}

/**
 * A crash takes its own count with it, so starts are counted before and events noted before they run. Where starts ended
 * without a commit, events go singly; one that was in hand at three deaths is laid aside as `crashed`, so that an event
 * that kills its Worker (memory, endless loop, exit) cannot stop the partition.
 */
export class Caution {
  readonly #parts: CautionParts;
  /** Events still to be taken singly. */
  readonly #wary = new Map<PartitionName, number>();

  constructor(parts: CautionParts) {
    this.#parts = parts;
  }

  note(partition: TakenPartition): void {
    // As many as a batch may have held: the one that kills is among them.
    if (partition.starts_without_commit >= WARY_FROM)
      this.#wary.set(nameOf(partition), this.#parts.manifest.batch_size);
    else this.#wary.delete(nameOf(partition));
  }

  /** Parts a read into events to be taken singly and batches to be taken whole. */
  divide(read: readonly (readonly StreamEntry[])[]): { wary: StreamEntry[]; free: (readonly StreamEntry[])[] } {
    if (this.#wary.size === 0) return { wary: [], free: [...read] };
    const wary = read.filter(([first]) => first && this.#wary.has(nameOf(first)));
    return { wary: wary.flat(), free: read.filter((entries) => !wary.includes(entries)) };
  }

  /** Handles one event after noting that it is in hand. */
  async apply(entry: StreamEntry, stopping: AbortSignal): Promise<BatchOutcome[]> {
    const { positions, batches, isolation } = this.#parts;
    const times = await positions.takeInHand(entry, entry.seq);
    if (times > DEATHS) return [await batches.park(entry, failureOf(new Crashed(times - 1)))];
    const outcomes = await isolation.apply([[entry]], stopping);
    const left = (this.#wary.get(nameOf(entry)) ?? 0) - 1;
    if (left > 0) this.#wary.set(nameOf(entry), left);
    else this.#wary.delete(nameOf(entry));
    return outcomes;
  }
}
