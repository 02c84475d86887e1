import { hostname } from "node:os";
import type { Database, Scope, Transaction } from "../platform/database/database.ts";
import { codeOf } from "../platform/database/errors.ts";
import type { Log } from "../platform/observability/log.ts";
import { nameOf, type PartitionName } from "../platform/streams/streams.ts";
import type { EngineManifest } from "./manifest.ts";

/** A name for one start of an engine, unique over hosts and restarts. */
export function newOwner(): string {
  return `${hostname()} ${process.pid} ${Bun.randomUUIDv7()}`;
}

/** Gives up everything an owner holds, so that others need not wait for the end of its leases: it left, or is dead. */
export async function releasePartitions(database: Database, engine: string, owner: string): Promise<void> {
  await database.query(
    `with mine as (delete from lease where name = 'engine ' || $1 || ' ' || $2)
     update engine_position set owner = null, lease_until = null where engine = $1 and owner = $2`,
    [engine, owner],
  );
}

/** A partition that was just taken over: how often a start of it ended without a commit. */
export interface TakenPartition {
  stream: string;
  partition: number;
  position: number;
  replay_until: number;
  starts_without_commit: number;
}

const FREE = "(owner is null or lease_until < clock_timestamp())";
const QUERY_CANCELED = "57014";

/** `lapsed`: it was free because its owner's lease ended, not because that gave it up. */
type Taken = TakenPartition & { lapsed: boolean };

/** What a look at the shares of the partitions ends with. */
interface Shares {
  held: Set<PartitionName>;
  taken: Taken[];
  /** Some partition is free, and somebody's transaction holds its row. */
  stuck: boolean;
}

/**
 * Ends sessions in which a client fell silent in the middle of a statement: a process that was frozen between preparing
 * one and running it. They count as active, so none of the server's limits ends them (before PostgreSQL 17), and what
 * they wrote or locked keeps others waiting.
 */
const END_SILENT = `
  select pg_terminate_backend(pid) from pg_stat_activity
  where datname = current_database() and pid <> pg_backend_pid() and pg_has_role(usesysid, 'usage')
    and state = 'active' and wait_event = 'ClientRead'
    and query_start < clock_timestamp() - make_interval(secs => $1)`;

/**
 * Which partitions of an engine this instance works on. Shares are equal by the number of instances that are alive; an
 * instance that has too many gives some up, one that died loses all when its lease ends. Leases only share the work:
 * what keeps a stale owner from committing is that every batch looks for its own name in the rows it moves.
 */
export class PartitionLeases {
  readonly #database: Database;
  readonly #manifest: EngineManifest;
  readonly owner: string;
  /** How long a partition belongs to an owner that says nothing. */
  readonly #seconds: number;
  readonly #log: Log;
  /** Until when it is looked out for sessions that fell silent. */
  #wary_until = 0;

  constructor(database: Database, manifest: EngineManifest, owner: string, seconds: number, log: Log) {
    this.#database = database;
    this.#manifest = manifest;
    this.owner = owner;
    this.#seconds = seconds;
    this.#log = log;
  }

  /** Renews what is held, gives up what is too much, takes what is free. Returns all that is held, and what is new of it. */
  async balance(): Promise<{ held: Set<PartitionName>; taken: TakenPartition[] }> {
    // What takes longer than leases last is of no use to anybody.
    const limit = this.#seconds * 1000;
    const scope: Scope = { idle_timeout_ms: limit, statement_timeout_ms: limit };
    try {
      const { stuck, ...shares } = await this.#database.transaction(scope, (tx) => this.#share(tx));
      // Whoever had them is dead, or frozen with what it was writing.
      if (shares.taken.some(({ lapsed }) => lapsed)) this.#wary_until = performance.now() + 2000 * this.#silent_seconds;
      if (stuck || this.#isWary) await this.#endSilent();
      return shares;
    } catch (error) {
      if (codeOf(error) === QUERY_CANCELED) await this.#endSilent();
      throw error;
    }
  }

  /** Keeps what is held while a batch is being handled, which may take longer than leases last. */
  async renew(): Promise<void> {
    await this.#database.query(
      `with alive as (
         update lease set lease_until = clock_timestamp() + make_interval(secs => $3)
         where name = 'engine ' || $1 || ' ' || $2),
       mine as materialized (
         select stream, partition from engine_position where engine = $1 and owner = $2
         order by stream, partition for update skip locked)
       update engine_position p set lease_until = clock_timestamp() + make_interval(secs => $3)
       from mine where p.engine = $1 and p.stream = mine.stream and p.partition = mine.partition`,
      [this.#manifest.name, this.owner, this.#seconds],
    );
    if (this.#isWary) await this.#endSilent();
  }

  /** In two round trips: the second needs the number of hosts. */
  async #share(tx: Transaction): Promise<Shares> {
    const { name } = this.#manifest;
    const [, , , [count]] = await Promise.all([
      // One at a time, by a row that an engine's role cannot touch: anyone may take an advisory lock, and keep it.
      tx.query(
        `insert into lease (name, owner, lease_until) values ('balance ' || $1, $2, clock_timestamp())
         on conflict (name) do update set owner = excluded.owner, lease_until = excluded.lease_until`,
        [name, this.owner],
      ),
      tx.query(
        `insert into lease (name, owner, lease_until)
         values ('engine ' || $1 || ' ' || $2, $2, clock_timestamp() + make_interval(secs => $3))
         on conflict (name) do update set lease_until = excluded.lease_until`,
        [name, this.owner, this.#seconds],
      ),
      tx.query("delete from lease where name like 'engine ' || $1 || ' %' and lease_until < clock_timestamp()", [name]),
      tx.query<{ alive: number; partitions: number }>(
        `select (select count(*) from lease where name like 'engine ' || $1 || ' %') as alive,
                (select count(*) from engine_position where engine = $1) as partitions`,
        [name],
      ),
    ]);
    const { alive = 1, partitions = 0 } = count ?? {};
    const share = Math.ceil(partitions / Math.max(1, alive));
    const [, renewed, taken, [left]] = await Promise.all([
      tx.query(
        `update engine_position p set owner = null, lease_until = null
         from (select stream, partition, row_number() over (order by stream, partition) as place
               from engine_position where engine = $1 and owner = $2) mine
         where p.engine = $1 and p.stream = mine.stream and p.partition = mine.partition and mine.place > $3`,
        [name, this.owner, share],
      ),
      tx.query<{ stream: string; partition: number }>(
        `update engine_position set lease_until = clock_timestamp() + make_interval(secs => $3)
         where engine = $1 and owner = $2 returning stream, partition`,
        [name, this.owner, this.#seconds],
      ),
      // Not what somebody's transaction still holds: waiting for that would keep all of the engine's hosts waiting.
      tx.query<Taken & Record<string, unknown>>(
        `with free as materialized (
           select stream, partition, owner is not null as lapsed from engine_position
           where engine = $1 and ${FREE} order by stream, partition
           limit greatest(0, $4 - (select count(*) from engine_position where engine = $1 and owner = $2))
           for update skip locked)
         update engine_position p
         set owner = $2, lease_until = clock_timestamp() + make_interval(secs => $3),
             starts_without_commit = p.starts_without_commit + 1
         from free where p.engine = $1 and p.stream = free.stream and p.partition = free.partition
         returning p.stream, p.partition, position, replay_until, starts_without_commit, lapsed`,
        [name, this.owner, this.#seconds, share],
      ),
      tx.query<{ free: number }>(`select count(*) as free from engine_position where engine = $1 and ${FREE}`, [name]),
    ]);
    const held = new Set([...renewed, ...taken].map(nameOf));
    return { held, taken, stuck: held.size < share && (left?.free ?? 0) > 0 };
  }

  /** No client leaves a statement half sent for this long that is still at it. */
  get #silent_seconds(): number {
    return this.#manifest.handler_timeout_ms / 1000 + this.#seconds;
  }

  get #isWary(): boolean {
    return performance.now() < this.#wary_until;
  }

  async #endSilent(): Promise<void> {
    const ended = await this.#database.query(END_SILENT, [this.#silent_seconds]);
    if (ended.length > 0) {
      this.#log.warn({ sessions: ended.length }, "ended what a host that stands still was doing in the database");
    }
  }

  /** Leaves in good order: what was taken without having committed anything was no crash. */
  async release(): Promise<void> {
    const { name } = this.#manifest;
    await this.#database.query(
      `update engine_position set starts_without_commit = greatest(0, starts_without_commit - 1)
       where engine = $1 and owner = $2`,
      [name, this.owner],
    );
    await releasePartitions(this.#database, name, this.owner);
  }
}
