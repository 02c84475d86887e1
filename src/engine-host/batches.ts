import type { Database, Scope, Transaction } from "../platform/database/database.ts";
import { ENGINES } from "../platform/database/roles.ts";
import { appendLast, type NewEvent } from "../platform/events/ledger.ts";
import { nameOf, type PartitionName, type PartitionPosition, type StreamEntry } from "../platform/streams/streams.ts";
import type { Dispatch } from "./dispatch.ts";
import { type Failure, isBlameless } from "./failure.ts";
import type { EngineManifest } from "./manifest.ts";
import { HeldKeys, type Parking } from "./parking.ts";
import type { EnginePositions, LockedPosition } from "./positions.ts";
import { NO_REPLAY, Unhandled } from "./unhandled.ts";

/** Milliseconds that a handler's transaction may stand idle, or be at one statement, beyond the handler's own time. */
export const BEYOND_HANDLER_MS = 5000;

/** What the server ends a handler's transaction after, with its locks, when nobody else does. */
export function handlerScope({ handler_timeout_ms }: EngineManifest): Scope {
  const limit = handler_timeout_ms + BEYOND_HANDLER_MS;
  return { role: ENGINES, lent: true, idle_timeout_ms: limit, statement_timeout_ms: limit };
}

/** The position in Postgres is before what these entries follow: what lies between must be read first. */
export class Hole extends Error {
  readonly code = "hole";
}

/** The partition belongs to another instance now. */
export class NotOwner extends Error {
  readonly code = "not_owner";
}

/** A trial is over; its transaction is to be rolled back. */
class TrialOver extends Error {}

export interface BatchOutcome {
  /** Events handled or passed over because nobody subscribes to them. */
  events: number;
  /** Events that wait behind a parked one of their key. */
  parked: number;
  /** Positions as they stand in Postgres now. */
  positions: PartitionPosition[];
}

export interface BatchParts {
  database: Database;
  manifest: EngineManifest;
  positions: EnginePositions;
  parking: Parking;
  dispatch: Dispatch;
  /** Called when handlers have emitted events, and they are committed. */
  published: () => void;
}

type Upto = ReadonlyMap<PartitionName, PartitionPosition>;
type Locked = ReadonlyMap<PartitionName, LockedPosition>;

/** What was done in a batch, and what it found. */
interface Done {
  locked: Locked;
  events: number;
  parked: number;
}

/**
 * One transaction for a batch: it skips what is done, parks what must wait, runs the handlers, advances the positions.
 * Effects are there exactly once because they commit with the position, whoever else runs the same engine.
 *
 * Where the last commit here says what the positions are, handlers begin at once, and advancing is what fails when it was
 * not so. Otherwise, and where that failed, the positions are locked and read first.
 */
export class Batches {
  readonly #parts: BatchParts;
  readonly #unhandled: Unhandled;
  /** Positions as this instance committed them last; only where nothing is parked, so nothing has to be looked up. */
  readonly #known = new Map<PartitionName, LockedPosition>();

  constructor(parts: BatchParts) {
    this.#parts = parts;
    this.#unhandled = new Unhandled(parts.manifest.name);
  }

  /**
   * Applies entries of one or more partitions, each in order and without a hole before it. `upto` advances a partition
   * further than its last entry: what lies between is known not to be there. Rejects with what a handler threw.
   */
  async apply(
    batches: readonly (readonly StreamEntry[])[],
    stopping: AbortSignal,
    upto: Upto = new Map(),
  ): Promise<BatchOutcome> {
    const ends = endsOf(batches, upto);
    const expected = this.#expected(ends);
    this.#forget(ends);
    if (expected && holeIn(batches, expected) === undefined) {
      try {
        return await this.#applyExpecting(batches, ends, expected, stopping);
      } catch (error) {
        // It failed in the handling, not because the positions are others.
        if (isBlameless(error) || stopping.aborted || (await this.#parts.positions.areStill(expected, ends.values())))
          throw error;
      }
    }
    return await this.#applyLocked(batches, ends, stopping);
  }

  async #applyExpecting(
    batches: readonly (readonly StreamEntry[])[],
    ends: Upto,
    expected: Locked,
    stopping: AbortSignal,
  ): Promise<BatchOutcome> {
    const { database, manifest, positions, dispatch } = this.#parts;
    const entries = freshOf(batches, expected);
    const until = replayUntil(expected);
    // What is to be asked about a replay is the host's to ask, before the first handler; without one nothing is waited for.
    const again = entries.some((entry) => entry.seq <= until(entry));
    const opening = again ? undefined : dispatch.opening(entries);
    const scope = { ...handlerScope(manifest), ...opening?.scope };
    const emitted = await database.transaction(scope, async (tx) => {
      const { isReplay, handled } = again ? await this.#unhandled.among(tx, entries, until) : NO_REPLAY;
      const events = await dispatch.run(tx, { entries, attempt: 1, isReplay, stopping, opening });
      if (again) await handled();
      positions.advanceFrom(tx, expected, [...ends.values()]);
      appendLast(tx, events);
      return events.length;
    });
    if (emitted > 0) this.#parts.published();
    return this.#committed(ends, { locked: expected, events: entries.length, parked: 0 });
  }

  #committed(ends: Upto, { locked, events, parked }: Done): BatchOutcome {
    const positions = after(ends, locked);
    for (const { position, ...ref } of positions) {
      const row = locked.get(nameOf(ref));
      if (row && !row.parked && parked === 0) this.#known.set(nameOf(ref), { ...row, position });
    }
    return { events, parked, positions };
  }

  async #applyLocked(
    batches: readonly (readonly StreamEntry[])[],
    ends: Upto,
    stopping: AbortSignal,
  ): Promise<BatchOutcome> {
    const { emitted, ...done } = await this.#transaction(async (tx) => {
      const handled = await this.#handleLocked(tx, batches, ends, stopping);
      this.#parts.positions.advance(tx, [...ends.values()]);
      appendLast(tx, handled.emitted);
      return handled;
    });
    if (emitted.length > 0) this.#parts.published();
    return this.#committed(ends, done);
  }

  async #handleLocked(
    tx: Transaction,
    batches: readonly (readonly StreamEntry[])[],
    ends: Upto,
    stopping: AbortSignal,
  ): Promise<Done & { emitted: NewEvent[] }> {
    const { parking, dispatch } = this.#parts;
    // One round trip for both.
    const [locked] = await Promise.all([this.#lock(tx, batches, ends), dispatch.prepare(tx, batches.flat())]);
    const fresh = freshOf(batches, locked);
    const held = [...locked.values()].some(({ parked }) => parked)
      ? await parking.held(tx, [...ends.values()])
      : new HeldKeys([]);
    const behind = fresh.filter((entry) => held.holds(entry));
    const entries = behind.length === 0 ? fresh : fresh.filter((entry) => !held.holds(entry));
    const { isReplay, handled } = await this.#unhandled.among(tx, entries, replayUntil(locked));
    const emitted = await dispatch.run(tx, { entries, attempt: 1, isReplay, stopping });
    await handled();
    await parking.parkBehind(tx, behind);
    return { locked, events: entries.length, parked: behind.length, emitted };
  }

  /** Until a commit there has gone well, nothing is known of these partitions. */
  #forget(ends: Upto): void {
    for (const name of ends.keys()) this.#known.delete(name);
  }

  /** What these positions are, if that is known of all of them. */
  #expected(ends: Upto): Locked | undefined {
    const rows = new Map<PartitionName, LockedPosition>();
    for (const name of ends.keys()) {
      const row = this.#known.get(name);
      if (!row) return undefined;
      rows.set(name, row);
    }
    return rows;
  }

  /** Parks an event that failed, and goes past it. */
  async park(entry: StreamEntry, failure: Failure): Promise<BatchOutcome> {
    const { positions, parking } = this.#parts;
    const ends = endsOf([[entry]], new Map());
    this.#forget(ends);
    return await this.#transaction(async (tx) => {
      const locked = await this.#lock(tx, [[entry]], ends);
      const fresh = freshOf([[entry]], locked);
      if (fresh.length > 0) await parking.park(tx, entry, failure);
      positions.advance(tx, [...ends.values()]);
      return { events: 0, parked: fresh.length, positions: after(ends, locked) };
    });
  }

  /** Runs the handlers over one event and undoes it all: to learn whether it would fail. Rejects when it does. */
  async tryOut(entry: StreamEntry, stopping: AbortSignal): Promise<void> {
    try {
      await this.#transaction(async (tx) => {
        await this.#parts.dispatch.run(tx, { entries: [entry], attempt: 1, isReplay: () => true, stopping });
        throw new TrialOver();
      });
    } catch (error) {
      if (!(error instanceof TrialOver)) throw error;
    }
  }

  async #transaction<T>(work: (tx: Transaction) => Promise<T>): Promise<T> {
    const { database, manifest } = this.#parts;
    return await database.transaction(handlerScope(manifest), work);
  }

  async #lock(tx: Transaction, batches: readonly (readonly StreamEntry[])[], ends: Upto): Promise<Locked> {
    const locked = await this.#parts.positions.lock(tx, ends.values());
    for (const name of ends.keys()) if (!locked.has(name)) throw new NotOwner(`${name} belongs to another host now`);
    const hole = holeIn(batches, locked);
    if (hole !== undefined) throw new Hole(hole);
    return locked;
  }
}

/** Where the entries of a partition follow something that is not done. */
function holeIn(batches: readonly (readonly StreamEntry[])[], locked: Locked): string | undefined {
  for (const [first] of batches) {
    if (!first) continue;
    const position = locked.get(nameOf(first))?.position ?? 0;
    if (first.prev > position) return `${nameOf(first)}: position ${position} is before ${first.prev}`;
  }
  return undefined;
}

function endsOf(batches: readonly (readonly StreamEntry[])[], upto: Upto): Map<PartitionName, PartitionPosition> {
  const ends = new Map(upto);
  for (const entries of batches) {
    const last = entries.at(-1);
    if (!last || (ends.get(nameOf(last))?.position ?? 0) > last.seq) continue;
    ends.set(nameOf(last), { stream: last.stream, partition: last.partition, position: last.seq });
  }
  return ends;
}

/** Entries that are not done yet. */
function freshOf(batches: readonly (readonly StreamEntry[])[], locked: Locked): StreamEntry[] {
  return batches
    .flat()
    .filter((entry) => entry.seq > (locked.get(nameOf(entry))?.position ?? Number.POSITIVE_INFINITY));
}

function replayUntil(locked: Locked): (entry: StreamEntry) => number {
  return (entry) => locked.get(nameOf(entry))?.replay_until ?? 0;
}

function after(ends: Upto, locked: Locked): PartitionPosition[] {
  return [...ends].map(([name, end]) => ({
    ...end,
    position: Math.max(end.position, locked.get(name)?.position ?? 0),
  }));
}
