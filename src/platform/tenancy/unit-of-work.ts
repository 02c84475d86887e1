import type { PayloadOf, StreamContracts } from "../../contracts/contract.ts";
import type { Database, Transaction } from "../database/database.ts";
import { codeOf } from "../database/errors.ts";
import { type Orm, ormOf } from "../database/orm.ts";
import { instantNow } from "../events/instant.ts";
import { appendLast, type EventContracts, type NewEvent } from "../events/ledger.ts";
import { partitionOf } from "../events/partition.ts";
import type { Tenant } from "./tenant.ts";

export type UserRole = "admin" | "seller";

/** The person who acts. */
export interface Actor {
  id: string;
  role: UserRole;
}

/** On whose behalf and in which shop a unit of work is done. */
export interface WorkContext {
  tenant: Tenant;
  /** Null when no person acts (set-up, imports). */
  actor: Actor | null;
  /** W3C `traceparent` of the request. */
  trace: string | null;
  /** The instant the work counts for; now, unless history is being made. */
  now?: string;
}

/** One transaction of one tenant. Everything a service may touch. */
export interface Work<C extends StreamContracts = StreamContracts> {
  readonly tx: Transaction;
  readonly orm: Orm;
  readonly tenant: Tenant;
  readonly actor: Actor | null;
  /** The one instant of this work, RFC 3339 UTC with microseconds. */
  readonly now: string;
  /** Notes an event; it is written as the last statement before COMMIT. Throws `ContractViolation` at once. */
  record<T extends keyof C & string>(event_type: T, payload: PayloadOf<C[T]>): void;
}

/** A transaction that writes events may not keep readers of the ledger waiting for longer than this. */
const IDLE_TIMEOUT_MS = 10_000;
const STATEMENT_TIMEOUT_MS = 15_000;
/** Serialization failure and deadlock: the server chose this transaction to be repeated. */
const REPEATABLE = new Set(["40001", "40P01"]);

export interface UnitOfWorkOptions {
  database: Database;
  /** Database role all work is done under. */
  role: string;
  contracts: EventContracts;
  /** Partition count of the contracts' stream. */
  partitions: number;
  /** Called after a commit that wrote events: the relay has something to do. */
  committed: () => void;
}

/** Runs business changes: rows and events in one transaction, bound to one tenant. */
export class UnitOfWork<C extends StreamContracts> {
  readonly #options: UnitOfWorkOptions;

  constructor(options: UnitOfWorkOptions) {
    this.#options = options;
  }

  /** Runs `work` in a transaction, again when the server asks for it; `work` must not touch anything outside. */
  async run<T>(context: WorkContext, work: (work: Work<C>) => Promise<T>): Promise<T> {
    for (let attempt = 1; ; attempt++) {
      try {
        return await this.#once(context, work);
      } catch (error) {
        if (attempt === 3 || !REPEATABLE.has(codeOf(error) ?? "")) throw error;
      }
    }
  }

  async #once<T>(context: WorkContext, work: (work: Work<C>) => Promise<T>): Promise<T> {
    const { database, role, committed } = this.#options;
    const events: NewEvent[] = [];
    const scope = {
      role,
      tenant_id: context.tenant.tenant_id,
      idle_timeout_ms: IDLE_TIMEOUT_MS,
      statement_timeout_ms: STATEMENT_TIMEOUT_MS,
    };
    const result = await database.transaction(scope, async (tx) => {
      const answer = await work(workOn<C>(tx, context, this.#options, events));
      appendLast(tx, events);
      return answer;
    });
    if (events.length > 0) committed();
    return result;
  }
}

/**
 * Work on an open transaction. What it records is added to `events`; the caller appends them as the last statement
 * before COMMIT.
 */
export function workOn<C extends StreamContracts>(
  tx: Transaction,
  context: WorkContext,
  { contracts, partitions }: Pick<UnitOfWorkOptions, "contracts" | "partitions">,
  events: NewEvent[],
): Work<C> {
  const { tenant, actor, trace, now = instantNow() } = context;
  const { tenant_id } = tenant;
  let orm: Orm | undefined;
  return {
    tx,
    get orm() {
      orm ??= ormOf(tx);
      return orm;
    },
    tenant,
    actor,
    now,
    record: (event_type, payload) => {
      events.push({
        event_id: Bun.randomUUIDv7(),
        tenant_id,
        stream: contracts.stream,
        partition: partitionOf(tenant_id, partitions),
        event_type,
        ...contracts.check(event_type, payload),
        payload,
        occurred_at: now,
        trace,
        causation_id: null,
        hops: 0,
      });
    },
  };
}
