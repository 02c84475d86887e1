import { nameOf, type PartitionName, type PartitionRef } from "../platform/streams/streams.ts";
import { Beside } from "./beside.ts";
import type { Clock } from "./clock.ts";
import type { PartitionEnd, RelayStore } from "./relay-store.ts";

/** Written at most this often: it only says where to begin reading after a crash. */
const WRITE_EVERY_MS = 200;

/** Postgres holds another ledger than the one this relay has been copying. */
export class LedgerChanged extends Error {
  readonly code = "ledger_changed";
  constructor() {
    super("the ledger is another one than before (restored, failed over or restarted); looking at everything again");
  }
}

/** The relay's place in the ledger, in memory and (a little behind) in Postgres. It never goes backwards. */
export class RelayProgress {
  readonly #store: RelayStore;
  readonly #clock: Clock;
  readonly #changed = new Set<PartitionName>();
  #incarnation = "";
  #settled_seq = 0;
  #last = new Map<PartitionName, PartitionEnd>();
  #written_at = Number.NEGATIVE_INFINITY;
  /** Whether the ledger that was written to is the one whose place it is. */
  readonly #saving = new Beside<boolean>();

  constructor(store: RelayStore, clock: Clock) {
    this.#store = store;
    this.#clock = clock;
  }

  /** Everything up to this `seq` is published, in every partition. */
  get settled_seq(): number {
    return this.#settled_seq;
  }

  /** Newest published event of each partition. */
  get last(): ReadonlyMap<PartitionName, PartitionEnd> {
    return this.#last;
  }

  /** Takes the place from Postgres, as after a take-over. */
  async load(): Promise<void> {
    this.#saving.forget();
    const { incarnation, settled_seq, ends } = await this.#store.load();
    this.#changed.clear();
    this.#incarnation = incarnation;
    this.#settled_seq = settled_seq;
    this.#last = new Map(ends.map((end) => [nameOf(end), end]));
  }

  /** Throws `LedgerChanged` when what was read is not of the ledger whose place this is. */
  mustBe(incarnation: string | undefined): void {
    if (incarnation !== undefined && incarnation !== this.#incarnation) throw new LedgerChanged();
  }

  /** Notes that a partition's event `seq` is published. */
  published({ stream, partition }: PartitionRef, seq: number): void {
    const name = nameOf({ stream, partition });
    this.#last.set(name, { stream, partition, last_seq: seq });
    this.#changed.add(name);
  }

  settled(seq: number): void {
    this.#settled_seq = Math.max(seq, this.#settled_seq);
  }

  /** Milliseconds until what is noted may be written; undefined when nothing is, or a write before it is under way. */
  get due_ms(): number | undefined {
    if (this.#changed.size === 0 || !this.#saving.free) return undefined;
    return Math.max(0, this.#written_at + WRITE_EVERY_MS - this.#clock.now());
  }

  /** Has what changed written when it is due, beside whatever goes on; throws when the write before it failed. */
  write(): void {
    this.#judge(this.#saving.take());
    if (this.due_ms === 0) this.#saving.begin(() => this.#save());
  }

  /** Writes what changed now. */
  async finish(): Promise<void> {
    this.#judge(await this.#saving.finish());
    if (this.#changed.size > 0) this.#judge(await this.#save());
  }

  async #save(): Promise<boolean> {
    const names = [...this.#changed];
    const ends = names.flatMap((name) => this.#last.get(name) ?? []);
    this.#changed.clear();
    this.#written_at = this.#clock.now();
    return await this.#store.save({ incarnation: this.#incarnation, settled_seq: this.#settled_seq, ends });
  }

  /** What could not be written need not be kept: after any failure the place is taken from Postgres again. */
  #judge(saved: boolean | undefined): void {
    if (saved === false) throw new LedgerChanged();
  }
}
