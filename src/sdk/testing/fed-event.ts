import { streams } from "../../contracts/index.ts";
import { instantNow } from "../../platform/events/instant.ts";
import { EventContracts, type NewEvent } from "../../platform/events/ledger.ts";
import { DEFAULT_PARTITIONS, partitionOf } from "../../platform/events/partition.ts";
import type { EventOf, EventType, StreamName } from "../events.ts";

/** What may be said of a fed event; the rest is as a vertical would have written it. */
export interface EventDetails {
  /** Slug of the shop it is from; the first one unless given. */
  tenant?: string;
  /** When the change happened, RFC 3339 UTC; now unless given. */
  occurred_at?: string;
  /** Another key than the one the payload names by its contract. */
  key?: string;
  /** An older or newer version of the contract; its payload is not checked then. */
  version?: number;
  /** Engines it has come through. 0 unless given. */
  hops?: number;
}

/** An event of a stream whose contracts are known, its payload typed by them. */
export type ContractEvent = {
  [S in StreamName]: {
    [T in EventType<S>]: EventDetails & { stream: S; event_type: T; payload: EventOf<S, T>["payload"] };
  }[EventType<S>];
}[StreamName];

/** An event of another engine's stream, of which nothing is known here: its key must be given. */
export interface ForeignEvent extends EventDetails {
  stream: string;
  event_type: string;
  payload: object;
  key: string;
}

export type FedEvent = ContractEvent | ForeignEvent;

/** Any event, before it was looked at. */
export interface UncheckedEvent extends EventDetails {
  stream: string;
  event_type: string;
  payload: object;
}

const contracts = new Map<string, EventContracts>(
  Object.entries(streams).map(([stream, given]) => [stream, new EventContracts(stream, given)]),
);

/** The event as it is handed to the ledger. Throws when its payload does not fit its contract, as a vertical's would. */
export function newEvent(event: UncheckedEvent, tenant_id: string): NewEvent {
  const { stream, event_type, payload, occurred_at, hops = 0 } = event;
  return {
    event_id: Bun.randomUUIDv7(),
    tenant_id,
    stream,
    partition: partitionOf(tenant_id, DEFAULT_PARTITIONS),
    event_type,
    ...identified(event),
    payload,
    occurred_at: occurred_at ?? instantNow(),
    trace: null,
    causation_id: null,
    hops,
  };
}

function identified({ stream, event_type, payload, key, version }: UncheckedEvent): { version: number; key: string } {
  const known = contracts.get(stream);
  if (known && version === undefined) {
    const found = known.check(event_type, payload);
    return { ...found, key: key ?? found.key };
  }
  if (key === undefined) throw new TypeError(`${stream}.${event_type}: give a key, its contract is not known here`);
  return { version: version ?? 1, key };
}
