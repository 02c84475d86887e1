import type { Database } from "../platform/database/database.ts";
import { nameOf, type PartitionName, type PartitionRef } from "../platform/streams/streams.ts";

export interface Progress {
  /** Everything up to this `seq` is published, in every partition. */
  settled_seq: number;
  /** Newest published event of each partition. */
  last: Map<PartitionName, PartitionRef & { last_seq: number }>;
}

/** Written at most this often: it only says where to begin reading after a crash. */
const WRITE_EVERY_MS = 200;

const WRITE = `
  insert into relay_progress as p (stream, partition, settled_seq, last_seq)
  select stream, partition, settled_seq, last_seq
  from json_to_recordset($1::text::json) as (stream text, partition integer, settled_seq bigint, last_seq bigint)
  on conflict (stream, partition) do update
    set settled_seq = greatest(p.settled_seq, excluded.settled_seq),
        last_seq = greatest(p.last_seq, excluded.last_seq), updated_at = now()`;

/** The relay's place in the ledger, in memory and (a little behind) in Postgres. It never goes backwards. */
export class RelayProgress {
  readonly #database: Database;
  readonly #changed = new Set<PartitionName>();
  #progress: Progress = { settled_seq: 0, last: new Map() };
  #written_at = 0;

  constructor(database: Database) {
    this.#database = database;
  }

  get settled_seq(): number {
    return this.#progress.settled_seq;
  }

  get last(): ReadonlyMap<PartitionName, PartitionRef & { last_seq: number }> {
    return this.#progress.last;
  }

  /** Takes the place from Postgres, as after a take-over. */
  async load(): Promise<void> {
    const rows = await this.#database.query<{
      stream: string;
      partition: number;
      settled_seq: number;
      last_seq: number;
    }>("select stream, partition, settled_seq, last_seq from relay_progress");
    this.#changed.clear();
    this.#progress = {
      settled_seq: Math.max(0, ...rows.map((row) => row.settled_seq)),
      last: new Map(
        rows.map(({ stream, partition, last_seq }) => [nameOf({ stream, partition }), { stream, partition, last_seq }]),
      ),
    };
  }

  /** Notes that a partition's event `seq` is published. */
  published(ref: PartitionRef, seq: number): void {
    const name = nameOf(ref);
    this.#progress.last.set(name, { stream: ref.stream, partition: ref.partition, last_seq: seq });
    this.#changed.add(name);
  }

  settled(seq: number): void {
    this.#progress.settled_seq = Math.max(seq, this.#progress.settled_seq);
  }

  /** Milliseconds until what is noted may be written; undefined when nothing is. */
  get due_ms(): number | undefined {
    if (this.#changed.size === 0) return undefined;
    return Math.max(0, this.#written_at + WRITE_EVERY_MS - performance.now());
  }

  /** Writes what changed when it is due, or now when `force`d. */
  async write(force = false): Promise<void> {
    const due = this.due_ms;
    if (due === undefined || (due > 0 && !force)) return;
    const { settled_seq, last } = this.#progress;
    const names = [...this.#changed].sort();
    this.#changed.clear();
    this.#written_at = performance.now();
    const rows = names.map((name) => ({ ...last.get(name), settled_seq }));
    try {
      await this.#database.query(WRITE, [JSON.stringify(rows)]);
    } catch (error) {
      for (const name of names) this.#changed.add(name);
      throw error;
    }
  }
}
