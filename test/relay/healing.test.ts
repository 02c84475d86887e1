import { expect, test } from "bun:test";
import { nameOf } from "../../src/platform/streams/streams.ts";
import { Healing, type LedgerPlace } from "../../src/relay/healing.ts";
import { PARTITIONS, SimulatedLedger } from "./simulation/ledger.ts";
import { SimulatedStore } from "./simulation/store.ts";
import { SimulatedRedis, SimulatedStreams } from "./simulation/streams.ts";
import { type SimulatedProcess, World } from "./simulation/world.ts";

const REF = { stream: "shop", partition: 0 };

/** One relay's view of a ledger and of streams, in which nothing happens by itself. */
class Scene {
  readonly ledger = new SimulatedLedger();
  readonly redis = new SimulatedRedis();
  readonly streams: SimulatedStreams;
  readonly healing: Healing;
  readonly #world = new World([]);

  /** `slowest`: position of the slowest engine, in every partition. */
  constructor(slowest = 0) {
    const process: SimulatedProcess = { name: "relay", state: "running", losses: 0 };
    const streams = new SimulatedStreams(this.#world, this.redis, process);
    const store = new SimulatedStore(this.#world, this.ledger, process);
    store.slowest = async () => new Map(PARTITIONS.map((ref) => [nameOf(ref), slowest]));
    this.streams = streams;
    this.healing = new Healing({
      store,
      streams,
      refill: (entries, begin) => (begin ? streams.refill(entries) : streams.append(entries)),
      lead: async () => true,
    });
  }

  /** Inserts an event of REF; what is returned ends its transaction. */
  insert(): (commit: boolean) => void {
    this.ledger.begin();
    const transaction = this.ledger.open.at(-1);
    if (!transaction) throw new Error("one was begun");
    this.ledger.insert(transaction, REF.partition);
    return (commit) => this.ledger.end(transaction, commit);
  }

  commit(count: number): void {
    for (let i = 0; i < count; i++) this.insert()(true);
  }

  async publish(): Promise<void> {
    await this.during(this.streams.refill(this.ledger.entries(REF)));
  }

  /** What the stream of REF holds. */
  get seqs(): number[] {
    return (this.redis.streams.get(nameOf(REF))?.entries ?? []).map(({ seq }) => seq);
  }

  async during<T>(work: Promise<T>): Promise<T> {
    let done = false;
    const finished = work.finally(() => {
      done = true;
    });
    finished.catch(() => undefined);
    while (!done) await this.#world.step();
    return await finished;
  }
}

const place = (settled_seq: number, last_seq: number): LedgerPlace => ({
  settled_seq,
  last: new Map([[nameOf(REF), { ...REF, last_seq }]]),
});

test("a ghost below a stream's newest entry is found: its transaction was open when the backup was made", async () => {
  const scene = new Scene();
  const early = scene.insert();
  const late = scene.insert();
  late(true);
  scene.ledger.backUp();
  early(true);
  await scene.publish();
  scene.ledger.restore();
  const divergent = await scene.during(scene.healing.dropDivergent(PARTITIONS, place(0, 0)));
  expect(divergent).toEqual([{ ref: REF, seq: 1, event_id: "event 1" }]);
  expect(scene.redis.streams.size).toBe(0);
});

test("a last entry that was never published is found, though it is not after the settled place", async () => {
  const scene = new Scene();
  scene.commit(3);
  await scene.publish();
  const divergent = await scene.during(scene.healing.dropDivergent(PARTITIONS, place(5, 2)));
  expect(divergent).toEqual([{ ref: REF, seq: 3, event_id: "event 3" }]);
  expect(scene.redis.streams.size).toBe(0);
});

test("a trimmed stream is no contradiction, what was trimmed is not published again", async () => {
  const scene = new Scene();
  scene.commit(5);
  await scene.publish();
  await scene.during(scene.streams.trim(REF, 4));
  for (const settled of [0, 2, 5]) {
    expect(await scene.during(scene.healing.dropDivergent(PARTITIONS, place(settled, settled)))).toEqual([]);
  }
  await scene.publish();
  expect(await scene.during(scene.healing.refill(place(5, 5).last))).toEqual(new Map());
  expect(scene.seqs).toEqual([4, 5]);
});

test("a last id of which no entry tells anything is not believed", async () => {
  const scene = new Scene();
  scene.commit(3);
  await scene.publish();
  await scene.during(scene.streams.trim(REF, 9));
  expect(await scene.during(scene.healing.dropDivergent(PARTITIONS, place(2, 2)))).toEqual([]);
  expect(scene.redis.streams.size).toBe(0);
});

test("a lost stream is filled again from the slowest engine's position", async () => {
  const scene = new Scene(3);
  scene.commit(6);
  const refilled = await scene.during(scene.healing.refill(place(6, 6).last));
  expect(refilled.get(nameOf(REF))).toBe(3);
  expect(scene.seqs).toEqual([4, 5, 6]);
});

test("a stream set back to before that position begins anew there: it has no hole in its middle", async () => {
  const scene = new Scene(3);
  scene.commit(2);
  await scene.publish();
  scene.commit(4);
  await scene.during(scene.healing.refill(place(6, 6).last));
  expect(scene.seqs).toEqual([4, 5, 6]);
});

test("a stream set back to after that position goes on", async () => {
  const scene = new Scene(1);
  scene.commit(2);
  await scene.publish();
  scene.commit(4);
  await scene.during(scene.healing.refill(place(6, 6).last));
  expect(scene.seqs).toEqual([1, 2, 3, 4, 5, 6]);
});

test("a batch refused in its middle leaves no hole, though who sent it never hears so", async () => {
  const scene = new Scene();
  scene.commit(4);
  const [first, ...rest] = scene.ledger.entries(REF);
  if (!first) throw new Error("four were committed");
  await scene.during(scene.streams.append([first]));
  scene.redis.fault = { after: 1, kind: "full" };
  await expect(scene.during(scene.streams.append(rest))).rejects.toMatchObject({ code: "streams_full" });
  expect(scene.seqs).toEqual([1, 2]);
  await scene.during(scene.streams.append(rest));
  expect(scene.seqs).toEqual([1, 2, 3, 4]);
});
