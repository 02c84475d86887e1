import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import type { LedgerPage } from "../../src/platform/events/ledger-reader.ts";
import type { PartitionName, PartitionRef, StreamEnd, StreamEntry } from "../../src/platform/streams/streams.ts";
import { nameOf } from "../../src/platform/streams/streams.ts";
import type { StoredProgress } from "../../src/relay/relay-store.ts";
import { runSchedule, type Variant } from "./simulation/schedule.ts";
import { SimulatedStore } from "./simulation/store.ts";
import { SimulatedStreams, type Stream } from "./simulation/streams.ts";

// Each rule of the relay is taken away once; random schedules must then lose, double or reorder something. Otherwise the
// schedules would prove nothing about the rule.

const SCHEDULES = 1500;

class GapsIgnored extends SimulatedStore {
  override async writers(): Promise<Set<string>> {
    await super.writers();
    return new Set();
  }
}

/** Writers that were listed before the read showed the gap. */
class WritersListedTooEarly extends SimulatedStore {
  #listed = new Set<string>();
  override async page(seq: number, limit: number): Promise<LedgerPage> {
    const listed = await super.writers();
    const page = await super.page(seq, limit);
    this.#listed = listed;
    return page;
  }
  override async writers(): Promise<Set<string>> {
    await super.writers();
    return this.#listed;
  }
}

/** A read that began before the writers had ended. */
class ReadTooEarly extends SimulatedStore {
  #early: Promise<LedgerPage> | undefined;
  override async page(seq: number, limit: number): Promise<LedgerPage> {
    const early = this.#early;
    this.#early = undefined;
    return await (early ?? super.page(seq, limit));
  }
  override async writers(): Promise<Set<string>> {
    this.#early = super.page(this.ledger.state.settled_seq, 3);
    this.#early.catch(() => undefined);
    return await super.writers();
  }
}

class PrevNotFromTheLedger extends SimulatedStore {
  override async load(): Promise<StoredProgress> {
    return { ...(await super.load()), ends: [] };
  }
  override async before(): Promise<number> {
    return 0;
  }
}

class PlaceNotFenced extends SimulatedStore {
  #loaded = "";
  override async save(progress: StoredProgress): Promise<boolean> {
    return await super.save({ ...progress, incarnation: this.ledger.incarnation });
  }
  override async page(seq: number, limit: number): Promise<LedgerPage> {
    return { ...(await super.page(seq, limit)), incarnation: undefined };
  }
  override async room() {
    const { incarnation } = await super.load();
    return { ...(await super.room()), incarnation: this.#loaded || incarnation };
  }
  override async load(): Promise<StoredProgress> {
    const progress = await super.load();
    this.#loaded = progress.incarnation;
    return progress;
  }
}

class GhostsBelieved extends SimulatedStreams {
  override async after(): Promise<[]> {
    return [];
  }
}

/** Ids of the stream's own making: what is sent again is there again. */
class IdsNotExplicit extends SimulatedStreams {
  protected override isThere(): boolean {
    return false;
  }
  protected override follows(): boolean {
    return true;
  }
}

class LostStreamsMadeAgain extends SimulatedStreams {
  protected override follows(entry: StreamEntry, stream: Stream): boolean {
    return stream.last_seq === 0 || super.follows(entry, stream);
  }
}

/** As plain XADD does it: whatever is greater. */
class AnythingFollows extends SimulatedStreams {
  protected override follows(entry: StreamEntry, stream: Stream): boolean {
    return stream.last_seq > 0 || super.follows(entry, stream);
  }
}

class NeverHealed extends SimulatedStreams {
  override async ends(refs: readonly PartitionRef[]): Promise<Map<PartitionName, StreamEnd>> {
    const ends = await super.ends(refs);
    for (const ref of refs) {
      const end = ends.get(nameOf(ref)) ?? { newest: undefined, length: 0, bytes: 0 };
      ends.set(nameOf(ref), { ...end, last_seq: Number.MAX_SAFE_INTEGER });
    }
    return ends;
  }
}

const removed: [rule: string, variant: Variant][] = [
  ["a missing seq is waited for", { store: (...parts) => new GapsIgnored(...parts) }],
  [
    "writers are listed after the read that showed the gap",
    { store: (...parts) => new WritersListedTooEarly(...parts) },
  ],
  ["what counts is a read begun after the writers ended", { store: (...parts) => new ReadTooEarly(...parts) }],
  ["prev comes from the ledger", { store: (...parts) => new PrevNotFromTheLedger(...parts) }],
  ["the place belongs to one ledger", { store: (...parts) => new PlaceNotFenced(...parts) }],
  ["a stream that contradicts the ledger is dropped", { streams: (...parts) => new GhostsBelieved(...parts) }],
  ["ids are explicit", { streams: (...parts) => new IdsNotExplicit(...parts) }],
  ["an append makes no stream that should be there", { streams: (...parts) => new LostStreamsMadeAgain(...parts) }],
  ["an entry follows its predecessor", { streams: (...parts) => new AnythingFollows(...parts) }],
  ["a stream that ends too early is filled again", { streams: (...parts) => new NeverHealed(...parts) }],
];

describe("without the rule that", () => {
  test.each(removed)(
    "%s, streams go wrong",
    async (_, variant) => {
      const tape = fc.array(fc.nat({ max: 9999 }), { minLength: 200, maxLength: 600, size: "max" });
      let problem: string | undefined;
      for (const numbers of fc.sample(tape, { numRuns: SCHEDULES, seed: 20_260_131 })) {
        problem = await runSchedule(numbers, variant);
        if (problem !== undefined) break;
      }
      expect(problem).toContain("must hold");
    },
    120_000,
  );
});

// Redis refused an entry in the middle of a batch, and took the later ones: what was refused cannot go in behind them, and
// from its end the stream looks complete to whoever goes on.
const REFUSED_IN_THE_MIDDLE = `
  27 0 18 0 0 26 24 17 21 0 0 7337 18 0 0 5795 23 0 0 0 31 0 0 0 3149 0 0 0 0 0 0 22 0 31 25 19 0 0 0 30 0 6 5 0 0
  0 0 0 0 29 0 61 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0`;

test("a batch that is refused in its middle leaves no hole, whoever goes on", async () => {
  const tape = REFUSED_IN_THE_MIDDLE.trim().split(/\s+/).map(Number);
  expect(await runSchedule(tape, { streams: (...parts) => new AnythingFollows(...parts) })).toContain("must hold");
  expect(await runSchedule(tape)).toBeUndefined();
});
