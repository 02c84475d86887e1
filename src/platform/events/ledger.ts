import { Compile, type Validator } from "typebox/compile";
import type { Contract, StreamContracts } from "../../contracts/contract.ts";
import { MAX_PAYLOAD_BYTES } from "../../contracts/envelope.ts";
import type { Transaction } from "../database/database.ts";

/** An event that does not fit its contract must not be written: the whole transaction fails. */
export class ContractViolation extends Error {
  readonly code = "contract_violation";
}

/** The payload is larger than a stream entry may be. */
export class PayloadTooLarge extends Error {
  readonly code = "payload_too_large";
}

/** An event as it is handed to the ledger; `seq` is the ledger's to give. */
export interface NewEvent {
  event_id: string;
  tenant_id: string;
  stream: string;
  partition: number;
  event_type: string;
  version: number;
  key: string;
  payload: unknown;
  occurred_at: string;
  trace: string | null;
  causation_id: string | null;
  hops: number;
}

/** The contracts of one stream: what may be written to it. */
export class EventContracts {
  readonly #contracts: ReadonlyMap<string, Contract>;
  /** Compiled at a type's first event: all at once are a tenth of a start. */
  readonly #validators = new Map<string, Validator>();
  readonly stream: string;

  constructor(stream: string, contracts: StreamContracts) {
    this.stream = stream;
    this.#contracts = new Map(Object.entries(contracts));
  }

  /** Version and key for a payload of `event_type`; throws `ContractViolation` with the place when it does not fit. */
  check(event_type: string, payload: unknown): { version: number; key: string } {
    const contract = this.#contracts.get(event_type);
    if (!contract) throw new ContractViolation(`stream ${this.stream} has no event type ${event_type}`);
    const validator = this.#validatorOf(event_type, contract);
    if (!validator.Check(payload)) {
      const [first] = validator.Errors(payload);
      const place = first ? `${first.instancePath || "/"} ${first.message}` : "does not fit";
      throw new ContractViolation(`${event_type} version ${contract.version}: ${place}`);
    }
    const key: unknown = (payload as Record<string, unknown>)[contract.key];
    if (typeof key !== "string") throw new ContractViolation(`${event_type}: key ${contract.key} is no string`);
    return { version: contract.version, key };
  }

  #validatorOf(event_type: string, contract: Contract): Validator {
    let validator = this.#validators.get(event_type);
    if (!validator) {
      validator = Compile(contract.payload);
      this.#validators.set(event_type, validator);
    }
    return validator;
  }
}

const APPEND = `
  insert into event_log (event_id, tenant_id, stream, partition, event_type, version, key, payload, occurred_at, trace,
                         causation_id, hops)
  select e.event_id, e.tenant_id, e.stream, e.partition, e.event_type, e.version, e.key, e.payload, e.occurred_at,
         e.trace, e.causation_id, e.hops
  from rows from (json_to_recordset($1::text::json) as (event_id uuid, tenant_id uuid, stream text, partition integer,
         event_type text, version integer, key text, payload json, occurred_at timestamptz, trace text,
         causation_id uuid, hops integer)) with ordinality as e
  order by e.ordinality`;

/**
 * For the pools of those who append: preparing this locks the ledger as writing does, and the relay waits at a gap for
 * whoever holds that lock. A writer that froze while it prepared would stop all events until it went on.
 */
export const APPENDING = { sql: APPEND, parameters: ["[]"] } as const;

/**
 * Appends events in the given order. Must be the last statement before COMMIT: from here until then every reader of the
 * ledger waits for this transaction.
 */
export async function appendEvents(tx: Transaction, events: readonly NewEvent[]): Promise<void> {
  if (events.length > 0) await tx.query(APPEND, [rowsOf(events)]);
}

/** The same as the transaction's last statement, with COMMIT right behind it: readers wait no round trip for it. */
export function appendLast(tx: Transaction, events: readonly NewEvent[]): void {
  if (events.length > 0) tx.last(APPEND, [rowsOf(events)]);
}

function rowsOf(events: readonly NewEvent[]): string {
  const rows = events.map((event) => {
    const payload = JSON.stringify(event.payload);
    const bytes = Buffer.byteLength(payload);
    if (bytes > MAX_PAYLOAD_BYTES) {
      throw new PayloadTooLarge(`${event.event_type}: payload of ${bytes} bytes, at most ${MAX_PAYLOAD_BYTES} allowed`);
    }
    return JSON.stringify(event);
  });
  return `[${rows.join(",")}]`;
}
