import { expect, test } from "bun:test";
import { Healing } from "../../src/relay/healing.ts";
import { PARTITIONS, SimulatedLedger } from "./simulation/ledger.ts";
import { SimulatedStore } from "./simulation/store.ts";
import { SimulatedRedis, SimulatedStreams } from "./simulation/streams.ts";
import { type SimulatedProcess, World } from "./simulation/world.ts";

test("a ghost below a stream's newest entry is found: its transaction was open when the backup was made", async () => {
  const world = new World([]);
  const ledger = new SimulatedLedger();
  const redis = new SimulatedRedis();
  const process: SimulatedProcess = { name: "relay", state: "running", losses: 0 };
  const streams = new SimulatedStreams(world, redis, process);
  const store = new SimulatedStore(world, ledger, process);
  ledger.begin();
  ledger.begin();
  const [early, late] = ledger.open;
  if (!early || !late) throw new Error("two transactions were begun");
  ledger.insert(early, 0);
  ledger.insert(late, 0);
  ledger.end(late, true);
  ledger.backUp();
  ledger.end(early, true);
  const [ref] = PARTITIONS;
  if (!ref) throw new Error("there are partitions");
  const during = async <T>(work: Promise<T>): Promise<T> => {
    let done = false;
    const finished = work.finally(() => {
      done = true;
    });
    while (!done) await world.step();
    return await finished;
  };
  await during(streams.refill(ledger.entries(ref)));
  ledger.restore();
  const healing = new Healing({ store, streams, refill: async () => undefined, lead: async () => true });
  const divergent = await during(healing.dropDivergent(PARTITIONS, ledger.state.settled_seq));
  expect(divergent).toEqual([{ ref, seq: 1, event_id: "event 1" }]);
  expect(redis.streams.size).toBe(0);
});
