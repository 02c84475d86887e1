import type { Contract, PayloadOf } from "../contracts/contract.ts";
import type { EventEnvelope } from "../contracts/envelope.ts";
import type { Streams } from "../contracts/index.ts";

export type { EventEnvelope } from "../contracts/envelope.ts";

export type StreamName = keyof Streams;
export type EventType<S extends StreamName> = keyof Streams[S] & string;

/** An event of stream S with its payload typed by the contract; a union over several types. */
export type EventOf<S extends StreamName, T extends EventType<S> = EventType<S>> = {
  [K in T]: Streams[S][K] extends Contract ? EventEnvelope<K, PayloadOf<Streams[S][K]>> : never;
}[T];
