import type { LedgerReader } from "../events/ledger-reader.ts";
import {
  type EntryName,
  type EventStreams,
  nameOf,
  type PartitionName,
  type PartitionPosition,
  type PartitionRef,
  type ReadOptions,
  type StreamEnd,
  type StreamEntry,
  type StreamReader,
} from "./streams.ts";

/**
 * Streams straight from the ledger, in one process: appending only says how far a partition may be read, and wakes its
 * readers. Nothing can be lost that the ledger has.
 */
export class LedgerStreams implements EventStreams {
  readonly kind = "ledger";
  readonly #ledger: LedgerReader;
  readonly #last = new Map<PartitionName, number>();
  readonly #wakeListeners = new Set<() => void>();
  readonly #readers = new Set<LedgerStreamReader>();

  constructor(ledger: LedgerReader) {
    this.#ledger = ledger;
  }

  async append(entries: readonly StreamEntry[]): Promise<void> {
    for (const entry of entries) {
      const name = nameOf(entry);
      this.#last.set(name, Math.max(entry.seq, this.#last.get(name) ?? 0));
    }
    if (entries.length > 0) for (const reader of this.#readers) reader.wake();
  }

  async refill(entries: readonly StreamEntry[]): Promise<void> {
    await this.append(entries);
  }

  async ends(refs: readonly PartitionRef[]): Promise<Map<PartitionName, StreamEnd>> {
    const ends = new Map<PartitionName, StreamEnd>();
    for (const ref of refs) {
      const newest = await this.#ledger.newest(ref);
      if (newest) ends.set(nameOf(ref), { last_seq: newest.seq, newest, length: 0, bytes: 0 });
    }
    return ends;
  }

  /** None that could differ from the ledger. */
  async after(): Promise<EntryName[]> {
    return [];
  }

  /** Nothing to drop: the ledger's retention does. */
  async trim(): Promise<void> {}
  async shorten(): Promise<void> {}

  async remove(ref: PartitionRef): Promise<void> {
    this.#last.delete(nameOf(ref));
  }

  /** There is no server whose tools could show it. */
  async mirror(): Promise<void> {}

  reader(): StreamReader {
    const reader = new LedgerStreamReader(this.#ledger, this.#last, () => this.#readers.delete(reader));
    this.#readers.add(reader);
    return reader;
  }

  wake(): void {
    for (const listener of this.#wakeListeners) listener();
  }

  onWake(listener: () => void): () => void {
    this.#wakeListeners.add(listener);
    return () => this.#wakeListeners.delete(listener);
  }

  /** There is no connection that could be lost. */
  onReconnect(): () => void {
    return () => undefined;
  }

  async check(): Promise<void> {
    await this.#ledger.room();
  }

  async close(): Promise<void> {
    for (const reader of this.#readers) reader.close();
  }
}

class LedgerStreamReader implements StreamReader {
  readonly #ledger: LedgerReader;
  readonly #last: ReadonlyMap<PartitionName, number>;
  readonly #closed: () => void;
  #wakeUp: (() => void) | undefined;
  #news = false;

  constructor(ledger: LedgerReader, last: ReadonlyMap<PartitionName, number>, closed: () => void) {
    this.#ledger = ledger;
    this.#last = last;
    this.#closed = closed;
  }

  async read(
    positions: ReadonlyMap<PartitionName, PartitionPosition>,
    { count, block_ms }: ReadOptions,
  ): Promise<StreamEntry[][]> {
    const entries = await this.#available(positions, count);
    if (entries.length > 0) return entries;
    await this.#wait(block_ms);
    return await this.#available(positions, count);
  }

  close(): void {
    this.wake();
    this.#closed();
  }

  wake(): void {
    this.#news = true;
    this.#wakeUp?.();
  }

  async #available(positions: ReadonlyMap<PartitionName, PartitionPosition>, count: number): Promise<StreamEntry[][]> {
    this.#news = false;
    const spans = [...positions].flatMap(([name, { stream, partition, position: after }]) => {
      const upto = this.#last.get(name) ?? 0;
      return upto > after ? [{ stream, partition, after, upto }] : [];
    });
    return spans.length === 0 ? [] : await this.#ledger.partitions(spans, count);
  }

  async #wait(milliseconds: number): Promise<void> {
    if (this.#news) return;
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, milliseconds);
      this.#wakeUp = () => {
        clearTimeout(timer);
        resolve();
      };
    });
    this.#wakeUp = undefined;
  }
}
