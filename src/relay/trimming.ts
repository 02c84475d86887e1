import {
  type EventStreams,
  nameOf,
  type PartitionName,
  type PartitionRef,
  type StreamEnd,
  type StreamEntry,
} from "../platform/streams/streams.ts";
import type { Clock } from "./clock.ts";
import type { RelayStore } from "./relay-store.ts";

const TRIM_EVERY_MS = 5000;
/** What an entry takes in Redis besides its payload, about. */
const ENTRY_OVERHEAD_BYTES = 400;

export interface TrimmingParts {
  store: RelayStore;
  streams: EventStreams;
  clock: Clock;
  /** Memory all streams together may take, about. */
  max_bytes: number;
}

/**
 * Keeps the streams small: entries that every engine has are dropped, and the largest partitions lose their oldest
 * entries when all together take more than they may. Nothing is lost by it: who needs a dropped entry sees so from `prev`
 * and reads it from the ledger. The newest entry of a partition always stays: it is what a restored ledger is told by.
 */
export class Trimming {
  readonly #parts: TrimmingParts;
  #appended = 0;
  #trimmed_at = 0;

  constructor(parts: TrimmingParts) {
    this.#parts = parts;
  }

  /** Notes what was published since the last time. */
  appended(entries: readonly StreamEntry[]): void {
    for (const { payload } of entries) this.#appended += payload.length + ENTRY_OVERHEAD_BYTES;
  }

  get due(): boolean {
    const { clock, max_bytes } = this.#parts;
    return this.#appended > max_bytes / 4 || (this.#appended > 0 && clock.now() - this.#trimmed_at >= TRIM_EVERY_MS);
  }

  async trim(refs: readonly PartitionRef[]): Promise<void> {
    const { streams, clock, max_bytes } = this.#parts;
    this.#appended = 0;
    this.#trimmed_at = clock.now();
    const before = await streams.ends(refs);
    await this.#dropConsumed(refs, before);
    if (bytesOf(before) <= max_bytes) return;
    const ends = await streams.ends(refs);
    const share = shareOf(
      [...ends.values()].map(({ bytes }) => bytes),
      max_bytes,
    );
    for (const ref of refs) {
      const end = ends.get(nameOf(ref));
      if (end && end.bytes > share) {
        await streams.shorten(ref, Math.max(1, Math.floor((end.length * share * 0.9) / end.bytes)));
      }
    }
  }

  /**
   * Makes room when Redis is full: first what every engine has, then the older half of every partition, again with each
   * `attempt`. False when there is nothing left to drop: something else fills Redis.
   */
  async makeRoom(refs: readonly PartitionRef[], attempt: number): Promise<boolean> {
    const { streams } = this.#parts;
    const ends = await streams.ends(refs);
    if (attempt === 0) {
      await this.#dropConsumed(refs, ends);
      return true;
    }
    let dropped = false;
    for (const ref of refs) {
      const length = ends.get(nameOf(ref))?.length ?? 0;
      if (length < 2) continue;
      await streams.shorten(ref, Math.ceil(length / 2));
      dropped = true;
    }
    return dropped;
  }

  async #dropConsumed(refs: readonly PartitionRef[], ends: ReadonlyMap<PartitionName, StreamEnd>): Promise<void> {
    const slowest = await this.#parts.store.slowest();
    await Promise.all(
      refs.map(async (ref) => {
        const position = slowest.get(nameOf(ref));
        const newest = ends.get(nameOf(ref))?.newest;
        if (position === undefined || !newest) return;
        await this.#parts.streams.trim(ref, Math.min(position + 1, newest.seq));
      }),
    );
  }
}

function bytesOf(ends: ReadonlyMap<PartitionName, StreamEnd>): number {
  return [...ends.values()].reduce((sum, { bytes }) => sum + bytes, 0);
}

/** The size above which a partition is cut, so that all together fit: small ones leave what they do not need to others. */
function shareOf(sizes: readonly number[], max: number): number {
  let left = max;
  const ascending = [...sizes].sort((a, b) => a - b);
  for (const [i, size] of ascending.entries()) {
    const share = left / (ascending.length - i);
    if (size > share) return share;
    left -= size;
  }
  return Number.POSITIVE_INFINITY;
}
