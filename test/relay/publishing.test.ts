import { expect, test } from "bun:test";
import {
  nameOf,
  type PartitionName,
  type StreamEnd,
  type StreamEntry,
  StreamsFull,
} from "../../src/platform/streams/streams.ts";
import { LedgerChanged } from "../../src/relay/progress.ts";
import { Publishing } from "../../src/relay/publishing.ts";
import { Trimming } from "../../src/relay/trimming.ts";
import { SimulatedLedger } from "./simulation/ledger.ts";
import { SimulatedStore } from "./simulation/store.ts";
import { SimulatedRedis, SimulatedStreams } from "./simulation/streams.ts";
import { World } from "./simulation/world.ts";

/** Redis is full at first; when room was made, Postgres holds another ledger. */
class FullOnce extends SimulatedStreams {
  calls = 0;
  readonly sent: StreamEntry[] = [];
  override async append(entries: readonly StreamEntry[]): Promise<void> {
    if (++this.calls === 1) throw new StreamsFull("full");
    this.sent.push(...entries);
  }
  override async refill(entries: readonly StreamEntry[]): Promise<void> {
    await this.append(entries);
  }
  override async ends(): Promise<Map<PartitionName, StreamEnd>> {
    return new Map();
  }
}

function scene() {
  const world = new World([]);
  const process = { name: "relay", state: "running" as const, losses: 0 };
  const ledger = new SimulatedLedger();
  ledger.begin();
  const [transaction] = ledger.open;
  if (!transaction) throw new Error("one was begun");
  ledger.insert(transaction, 0);
  ledger.end(transaction, true);
  const store = new SimulatedStore(world, ledger, process);
  store.slowest = async () => new Map();
  const streams = new FullOnce(world, new SimulatedRedis(), process);
  const clock = { now: () => 0, after: () => () => undefined };
  const publishing = new Publishing({
    store,
    streams,
    trimming: new Trimming({ store, streams, clock, max_bytes: 1e6 }),
    verify: async () => {
      if (streams.calls > 0) throw new LedgerChanged();
    },
  });
  return { ledger, streams, publishing };
}

test("a batch that waited for room is not sent to the streams of another ledger", async () => {
  const { ledger, streams, publishing } = scene();
  const [event] = ledger.visible();
  if (!event) throw new Error("one was committed");
  const last = new Map([[nameOf(event), { stream: "shop", partition: 0, last_seq: 0 }]]);
  await expect(publishing.publish([event], last, 0)).rejects.toBeInstanceOf(LedgerChanged);
  expect(streams.sent).toEqual([]);
});

test("neither is what a lost stream is filled with", async () => {
  const { ledger, streams, publishing } = scene();
  const entries = ledger.entries({ stream: "shop", partition: 0 });
  await expect(publishing.refill(entries, true)).rejects.toBeInstanceOf(LedgerChanged);
  expect(streams.sent).toEqual([]);
});
