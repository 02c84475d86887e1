import type { Database, Transaction } from "../platform/database/database.ts";
import { nameOf, type PartitionName, type PartitionRef, type StreamEntry } from "../platform/streams/streams.ts";
import type { Failure } from "./failure.ts";
import type { EngineManifest } from "./manifest.ts";

/** An event that waits, or is dead. */
export interface ParkedEvent extends StreamEntry {
  attempts: number;
}

const COLUMNS = `event_id, tenant_id, stream, partition, seq, event_type, version, key, payload::text as payload,
  occurred_at, trace, causation_id, hops, attempts, 0 as prev`;

// What a stream or a read of an hour ago brought may name a person whom the ledger has forgotten since.
const INSERT = `
  insert into parked_event (engine, stream, partition, seq, event_id, tenant_id, event_type, version, key, payload,
    occurred_at, trace, causation_id, hops, state, attempts, next_attempt_at, error_code, error_message, fingerprint)
  select $1, e.stream, e.partition, e.seq, e.event_id, e.tenant_id, e.event_type, e.version, e.key,
    coalesce((select payload from event_log l where l.seq = e.seq and l.event_id = e.event_id), e.payload::json),
    e.occurred_at, e.trace, e.causation_id, e.hops, $3, $4,
    case when $5::float8 is null then null else clock_timestamp() + make_interval(secs => $5::float8 / 1000) end,
    $6, $7, $8
  from json_to_recordset($2::text::json) as e (stream text, partition integer, seq bigint, event_id uuid, tenant_id uuid,
    event_type text, version integer, key text, payload text, occurred_at timestamptz, trace text, causation_id uuid,
    hops integer)
  on conflict do nothing`;

function keyOf(event: Pick<StreamEntry, "stream" | "partition" | "tenant_id" | "key">): string {
  return `${nameOf(event)} ${event.tenant_id} ${event.key}`;
}

/** Keys of which an event waits: what follows waits behind it. */
export class HeldKeys {
  readonly #keys: ReadonlySet<string>;

  constructor(events: readonly Pick<StreamEntry, "stream" | "partition" | "tenant_id" | "key">[]) {
    this.#keys = new Set(events.map(keyOf));
  }

  holds(event: StreamEntry): boolean {
    return this.#keys.has(keyOf(event));
  }
}

/**
 * Events of one engine that failed. The first of a key has a time for its next attempt, those behind it have none and
 * get one when their turn comes. All within the transaction that moves the position, or that locks it.
 */
export class Parking {
  readonly #manifest: EngineManifest;

  constructor(manifest: EngineManifest) {
    this.#manifest = manifest;
  }

  /** Whether anything holds keys in `refs`, and which. A dead event holds its key only when order is strict. */
  async held(tx: Transaction, refs: readonly PartitionRef[]): Promise<HeldKeys> {
    const rows = await tx.query<{ stream: string; partition: number; tenant_id: string; key: string }>(
      `select distinct stream, partition, tenant_id, key from parked_event
       where engine = $1 and (state = 'parked' or $2)
         and (stream, partition) in
           (select stream, partition from json_to_recordset($3::text::json) as (stream text, partition integer))`,
      [this.#manifest.name, this.#manifest.strict, JSON.stringify(refs)],
    );
    return new HeldKeys(rows);
  }

  /** Parks events behind the one that holds their key. */
  async parkBehind(tx: Transaction, entries: readonly StreamEntry[]): Promise<void> {
    if (entries.length === 0) return;
    await tx.query(INSERT, [this.#manifest.name, JSON.stringify(entries), "parked", 0, null, null, null, null]);
  }

  /** Parks an event that failed for the first time, or lays it with the dead. */
  async park(tx: Transaction, entry: StreamEntry, failure: Failure): Promise<"parked" | "dead"> {
    const attempts = failure.delay_ms === undefined ? 1 : 0;
    const pause = this.#pause(failure, attempts);
    const state = pause === undefined ? "dead" : "parked";
    const { code, message, fingerprint } = failure;
    const values = [this.#manifest.name, JSON.stringify([entry]), state, attempts, pause ?? null];
    await tx.query(INSERT, [...values, code, message, fingerprint]);
    return state;
  }

  /** Events whose time has come, in the partitions named. */
  async due(tx: Pick<Transaction, "query">, names: readonly PartitionName[], limit: number): Promise<ParkedEvent[]> {
    return await tx.query<ParkedEvent & Record<string, unknown>>(
      `select ${COLUMNS} from parked_event
       where engine = $1 and state = 'parked' and next_attempt_at <= clock_timestamp()
         and stream || ':' || partition in (select json_array_elements_text($2::text::json))
       order by next_attempt_at, seq limit $3`,
      [this.#manifest.name, JSON.stringify(names), limit],
    );
  }

  /** Has events of a contract that was too new looked at again now: the program that has just come may know it. */
  async reconsider(database: Database, names: readonly PartitionName[]): Promise<void> {
    await database.query(
      `update parked_event set next_attempt_at = clock_timestamp()
       where engine = $1 and state = 'parked' and error_code = 'version_unknown'
         and stream || ':' || partition in (select json_array_elements_text($2::text::json))`,
      [this.#manifest.name, JSON.stringify(names)],
    );
  }

  /**
   * Notes, in a commit of its own, that this event is about to be tried again; returns how often that was noted by now and
   * nobody came back. `returned` says that whoever noted it before did.
   */
  async takeInHand(database: Database, event: ParkedEvent, returned: boolean): Promise<number> {
    const [row] = await database.query<{ in_hand: number }>(
      `update parked_event set in_hand = case when $5 then 1 else in_hand + 1 end
       where engine = $1 and stream = $2 and partition = $3 and seq = $4 and state = 'parked' returning in_hand`,
      [this.#manifest.name, event.stream, event.partition, event.seq, returned],
    );
    return row?.in_hand ?? 1;
  }

  /** Nobody died of it: whoever had it in hand stops. */
  async putBack(database: Database, event: ParkedEvent): Promise<void> {
    await database.query(
      "update parked_event set in_hand = 0 where engine = $1 and stream = $2 and partition = $3 and seq = $4",
      [this.#manifest.name, event.stream, event.partition, event.seq],
    );
  }

  /** Takes a due event for this transaction; undefined when somebody else handled it meanwhile. */
  async take(tx: Transaction, event: ParkedEvent): Promise<ParkedEvent | undefined> {
    const [row] = await tx.query<ParkedEvent & Record<string, unknown>>(
      `select ${COLUMNS} from parked_event
       where engine = $1 and stream = $2 and partition = $3 and seq = $4 and state = 'parked'
         and next_attempt_at <= clock_timestamp() for update`,
      [this.#manifest.name, event.stream, event.partition, event.seq],
    );
    return row;
  }

  /** The event is done: the next of its key has its turn. */
  async succeed(tx: Transaction, event: ParkedEvent): Promise<void> {
    await tx.query("delete from parked_event where engine = $1 and stream = $2 and partition = $3 and seq = $4", [
      this.#manifest.name,
      event.stream,
      event.partition,
      event.seq,
    ]);
    await this.#promote(tx, event);
  }

  /** The event failed again: a longer pause, or the dead; a dead one lets its key go on unless order is strict. */
  async fail(tx: Transaction, event: ParkedEvent, failure: Failure): Promise<"parked" | "dead"> {
    const attempts = event.attempts + (failure.delay_ms === undefined ? 1 : 0);
    const pause = this.#pause(failure, attempts);
    await tx.query(
      `update parked_event set attempts = $5, error_code = $6, error_message = $7, fingerprint = $8, updated_at = now(),
         in_hand = 0, state = case when $9::float8 is null then 'dead' else 'parked' end,
         next_attempt_at = clock_timestamp() + make_interval(secs => $9::float8 / 1000)
       where engine = $1 and stream = $2 and partition = $3 and seq = $4`,
      [
        this.#manifest.name,
        event.stream,
        event.partition,
        event.seq,
        attempts,
        failure.code,
        failure.message,
        failure.fingerprint,
        pause ?? null,
      ],
    );
    if (pause !== undefined) return "parked";
    if (!this.#manifest.strict) await this.#promote(tx, event);
    return "dead";
  }

  async #promote(tx: Transaction, event: ParkedEvent): Promise<void> {
    await tx.query(
      `update parked_event set next_attempt_at = clock_timestamp()
       where engine = $1 and stream = $2 and partition = $3 and state = 'parked' and next_attempt_at is null
         and seq = (select min(seq) from parked_event where engine = $1 and stream = $2 and partition = $3
                      and tenant_id = $4 and key = $5 and state = 'parked')`,
      [this.#manifest.name, event.stream, event.partition, event.tenant_id, event.key],
    );
  }

  /** Milliseconds until the next attempt, exponential with jitter; undefined when there is none. */
  #pause(failure: Failure, attempts: number): number | undefined {
    if (failure.delay_ms !== undefined) return failure.delay_ms;
    const { attempts: most, first_pause_ms, longest_pause_ms } = this.#manifest.retry;
    if (failure.permanent || attempts >= most) return undefined;
    const pause = Math.min(first_pause_ms * 2 ** (attempts - 1), longest_pause_ms);
    return pause * (0.75 + Math.random() / 2);
  }
}
