import { MAX_HOPS, MAX_PAYLOAD_BYTES } from "../contracts/envelope.ts";
import type { Database } from "../platform/database/database.ts";
import { instantNow } from "../platform/events/instant.ts";
import { EventContracts, type NewEvent } from "../platform/events/ledger.ts";
import { DEFAULT_PARTITIONS, partitionOf } from "../platform/events/partition.ts";
import { madeStreams } from "../platform/events/stream-registry.ts";
import type { EmitContracts } from "../sdk/emits.ts";

/** An engine emitted because of an event that had come through too many engines already. */
class TooManyHops extends Error {
  readonly code = "permanent";
}

class PayloadTooLarge extends Error {
  readonly code = "permanent";
}

/** What brings an emitted event about: an event, or what a person or a clock began. */
export interface Cause {
  /** Null where it was no event: what is emitted then gets an id of its own. */
  event_id: string | null;
  tenant_id: string;
  trace: string | null;
  /** Engines the event has come through by then. */
  hops: number;
}

/** Collects what the calls of one transaction emit; the host appends it last. */
export class Emitting {
  readonly #engine: string;
  readonly #contracts: EventContracts;
  readonly #partitions: number;

  private constructor(engine: string, contracts: EmitContracts, partitions: number) {
    this.#engine = engine;
    this.#contracts = new EventContracts(engine, contracts);
    this.#partitions = partitions;
  }

  /** For the stream of the engine's name, with the partitions it was made with. */
  static async open(database: Database, engine: string, contracts: EmitContracts = {}): Promise<Emitting> {
    return new Emitting(engine, contracts, (await madeStreams(database)).get(engine) ?? DEFAULT_PARTITIONS);
  }

  batch(): EmittedBatch {
    const ordinals = new Map<string, number>();
    const events: NewEvent[] = [];
    let over = false;
    return {
      close: () => {
        over = true;
        return events;
      },
      emit: (cause, event_type, payload) => {
        if (over) throw new Error("the call this emit was given to is over; nothing is emitted any more");
        if (cause.hops + 1 > MAX_HOPS) {
          throw new TooManyHops(`an event through ${cause.hops} engines may not bring about another`);
        }
        const checked = this.#contracts.check(event_type, payload);
        const text = JSON.stringify(payload);
        const bytes = Buffer.byteLength(text);
        if (bytes > MAX_PAYLOAD_BYTES) {
          throw new PayloadTooLarge(`a payload of ${event_type} has ${bytes} bytes, more than ${MAX_PAYLOAD_BYTES}`);
        }
        const ordinal = ordinals.get(cause.event_id ?? "") ?? 0;
        ordinals.set(cause.event_id ?? "", ordinal + 1);
        events.push({
          event_id: cause.event_id === null ? Bun.randomUUIDv7() : emittedId(this.#engine, cause.event_id, ordinal),
          tenant_id: cause.tenant_id,
          stream: this.#engine,
          partition: partitionOf(cause.tenant_id, this.#partitions),
          event_type,
          ...checked,
          // As it is now: the handler may go on to change the object.
          payload: JSON.parse(text),
          occurred_at: instantNow(),
          trace: cause.trace,
          causation_id: cause.event_id,
          hops: cause.hops + 1,
        });
      },
    };
  }
}

export interface EmittedBatch {
  emit(cause: Cause, event_type: string, payload: unknown): void;
  /** All that was emitted; from here on nothing is. */
  close(): readonly NewEvent[];
}

/** UUID v8 from (engine, causing event, ordinal): the same event emitted again has the same id. */
export function emittedId(engine: string, causation_id: string, ordinal: number): string {
  const digest = new Bun.CryptoHasher("sha256").update(`${engine} ${causation_id} ${ordinal}`).digest();
  digest.writeUInt8((digest.readUInt8(6) & 0x0f) | 0x80, 6);
  digest.writeUInt8((digest.readUInt8(8) & 0x3f) | 0x80, 8);
  const hex = digest.toString("hex");
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20, 32)}`;
}
