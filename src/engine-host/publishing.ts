import type { Database, Transaction } from "../platform/database/database.ts";
import { ENGINES } from "../platform/database/roles.ts";
import { appendLast } from "../platform/events/ledger.ts";
import type { EmitContracts } from "../sdk/emits.ts";
import { Emitting } from "./emitting.ts";

export interface PublishingParts {
  database: Database;
  engine: string;
  emits: EmitContracts | undefined;
  /** Called when events of the engine have been committed. */
  published: () => void;
}

/** What one transaction publishes that no event brought about. */
export interface Publication {
  emit(event_type: string, payload: unknown): void;
  /** To be called when the engine's work in `tx` is done: the transaction is the host's from then on. */
  append(tx: Transaction): void;
  /** To be called when `tx` was committed. */
  committed(): void;
}

/** Publishes what an engine emits in requests and jobs, in the transaction of what they write. */
export class Publishing {
  readonly #parts: PublishingParts;
  #emitting: Promise<Emitting> | undefined;

  constructor(parts: PublishingParts) {
    this.#parts = parts;
  }

  /** For a transaction of one shop; `trace` is the W3C traceparent of what it belongs to. */
  async begin(tenant_id: string, trace: string | null): Promise<Publication> {
    const emitted = (await this.#open()).batch();
    let any = false;
    return {
      emit: (event_type, payload) => emitted.emit({ event_id: null, tenant_id, trace, hops: 0 }, event_type, payload),
      append: (tx) => {
        const events = emitted.close();
        if (events.length === 0) return;
        any = true;
        // Not waited for: it travels with the statement that follows. Should it fail, so does that one.
        tx.bind({ role: ENGINES, schema: "public" }).catch(() => undefined);
        appendLast(tx, events);
      },
      committed: () => {
        if (any) this.#parts.published();
      },
    };
  }

  /** Once; a database that was away is asked again. */
  #open(): Promise<Emitting> {
    const { database, engine, emits } = this.#parts;
    this.#emitting ??= Emitting.open(database, engine, emits).catch((error: unknown) => {
      this.#emitting = undefined;
      throw error;
    });
    return this.#emitting;
  }
}
