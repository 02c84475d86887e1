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

interface Checked {
  contract: Contract;
  validator: Validator;
}

/** The contracts of one stream, compiled: what may be written to it. */
export class EventContracts {
  readonly #types: ReadonlyMap<string, Checked>;
  readonly stream: string;

  constructor(stream: string, contracts: StreamContracts) {
    this.stream = stream;
    this.#types = new Map(
      Object.entries(contracts).map(([type, contract]) => [type, { contract, validator: Compile(contract.payload) }]),
    );
  }

  /** Version and key for a payload of `event_type`; throws `ContractViolation` with the place when it does not fit. */
  check(event_type: string, payload: unknown): { version: number; key: string } {
    const known = this.#types.get(event_type);
    if (!known) throw new ContractViolation(`stream ${this.stream} has no event type ${event_type}`);
    if (!known.validator.Check(payload)) {
      const [first] = known.validator.Errors(payload);
      const place = first ? `${first.instancePath || "/"} ${first.message}` : "does not fit";
      throw new ContractViolation(`${event_type} version ${known.contract.version}: ${place}`);
    }
    const key: unknown = (payload as Record<string, unknown>)[known.contract.key];
    if (typeof key !== "string") throw new ContractViolation(`${event_type}: key ${known.contract.key} is no string`);
    return { version: known.contract.version, key };
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
