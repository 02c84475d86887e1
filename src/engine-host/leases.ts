import { hostname } from "node:os";
import type { Database } from "../platform/database/database.ts";
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

/**
 * Which partitions of an engine this instance works on. Shares are equal by the number of instances that are alive; an
 * instance that has too many gives some up, one that died loses all when its lease ends. Leases only share the work:
 * what keeps a stale owner from committing is that every batch locks its position rows and looks for its own name.
 */
export class PartitionLeases {
  readonly #database: Database;
  readonly #manifest: EngineManifest;
  readonly owner: string;
  /** How long a partition belongs to an owner that says nothing. */
  readonly #seconds: number;

  constructor(database: Database, manifest: EngineManifest, owner: string, seconds: number) {
    this.#database = database;
    this.#manifest = manifest;
    this.owner = owner;
    this.#seconds = seconds;
  }

  /** Renews what is held, gives up what is too much, takes what is free. Returns all that is held, and what is new of it. */
  async balance(): Promise<{ held: Set<PartitionName>; taken: TakenPartition[] }> {
    const { name } = this.#manifest;
    return await this.#database.transaction({}, async (tx) => {
      // One at a time, by a row that an engine's role cannot touch: anyone may take an advisory lock, and keep it.
      await tx.query(
        `insert into lease (name, owner, lease_until) values ('balance ' || $1, $2, clock_timestamp())
         on conflict (name) do update set owner = excluded.owner, lease_until = excluded.lease_until`,
        [name, this.owner],
      );
      await tx.query(
        `insert into lease (name, owner, lease_until)
         values ('engine ' || $1 || ' ' || $2, $2, clock_timestamp() + make_interval(secs => $3))
         on conflict (name) do update set lease_until = excluded.lease_until`,
        [name, this.owner, this.#seconds],
      );
      await tx.query("delete from lease where name like 'engine ' || $1 || ' %' and lease_until < clock_timestamp()", [
        name,
      ]);
      const [count] = await tx.query<{ alive: number; partitions: number }>(
        `select (select count(*) from lease where name like 'engine ' || $1 || ' %') as alive,
                (select count(*) from engine_position where engine = $1) as partitions`,
        [name],
      );
      const share = Math.ceil((count?.partitions ?? 0) / Math.max(1, count?.alive ?? 1));
      await tx.query(
        `update engine_position p set owner = null, lease_until = null
         from (select stream, partition, row_number() over (order by stream, partition) as place
               from engine_position where engine = $1 and owner = $2) mine
         where p.engine = $1 and p.stream = mine.stream and p.partition = mine.partition and mine.place > $3`,
        [name, this.owner, share],
      );
      const renewed = await tx.query<{ stream: string; partition: number }>(
        `update engine_position set lease_until = clock_timestamp() + make_interval(secs => $3)
         where engine = $1 and owner = $2 returning stream, partition`,
        [name, this.owner, this.#seconds],
      );
      const taken = await tx.query<TakenPartition & Record<string, unknown>>(
        `update engine_position p
         set owner = $2, lease_until = clock_timestamp() + make_interval(secs => $3),
             starts_without_commit = p.starts_without_commit + 1
         where p.engine = $1 and (p.stream, p.partition) in (
           select stream, partition from engine_position
           where engine = $1 and (owner is null or lease_until < clock_timestamp())
           order by stream, partition limit $4)
         returning stream, partition, position, replay_until, starts_without_commit`,
        [name, this.owner, this.#seconds, Math.max(0, share - renewed.length)],
      );
      return { held: new Set([...renewed, ...taken].map(nameOf)), taken };
    });
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
