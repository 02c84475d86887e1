/**
 * What every event carries, in the ledger, in Redis and in handlers.
 *
 * `seq` is the event's place in the ledger and its Redis stream id (`<seq>-0`); instants are RFC 3339 UTC with
 * microseconds; `occurred_at` is when the change happened, not when it was published.
 */
export interface EventEnvelope<EventType extends string = string, Payload = unknown> {
  event_id: string;
  event_type: EventType;
  /** Version of the payload's contract. */
  version: number;
  tenant_id: string;
  stream: string;
  /** Unit of order and parallelism inside the stream; all events of a tenant share one. */
  partition: number;
  /** 0 from a vertical, +1 for each engine in between. */
  hops: number;
  /** What the event is about; order is kept per (tenant, key). */
  key: string;
  seq: number;
  occurred_at: string;
  /** W3C `traceparent` of the request that caused it. */
  trace: string | null;
  /** The event that caused this one, when an engine emitted it. */
  causation_id: string | null;
  payload: Payload;
}

/** Payloads above this many bytes of JSON are refused at the write: they would not fit a stream entry. */
export const MAX_PAYLOAD_BYTES = 1024 * 1024;

/** An event that went through more engines than this is taken for a loop. */
export const MAX_HOPS = 8;
