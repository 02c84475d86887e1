import { construction } from "../../src/contracts/construction.ts";
import { PostgresDatabase } from "../../src/platform/database/postgres.ts";
import { VERTICAL } from "../../src/platform/database/roles.ts";
import { APPENDING, EventContracts } from "../../src/platform/events/ledger.ts";
import { DEFAULT_PARTITIONS } from "../../src/platform/events/partition.ts";
import { RedisStreams } from "../../src/platform/streams/redis.ts";
import { UnitOfWork } from "../../src/platform/tenancy/unit-of-work.ts";
import { shopIds, shopOf } from "../shops.ts";
import type { WriterPlan } from "./plan.ts";

// Commits at an even pace, each event or job in a transaction of its own, whether or not the one before has committed.
const plan: WriterPlan = await Bun.stdin.json();
const foreseen = [APPENDING];
const database = new PostgresDatabase({ url: plan.url, application_name: "bench writer", max: 8, foreseen });
const shops = shopIds(plan.shops).map(shopOf);

/** As the vertical does it, with the hint to the relay after the commit. */
function eventWriter(streams: RedisStreams): (i: number) => Promise<void> {
  const contracts = new EventContracts("construction", construction);
  const uow = new UnitOfWork<typeof construction>({
    database,
    role: VERTICAL,
    contracts,
    partitions: DEFAULT_PARTITIONS,
    committed: () => streams.wake(),
  });
  return async (i) => {
    const tenant = shops[i % shops.length];
    if (!tenant) throw new Error("no shops");
    await uow.run({ tenant, actor: null, trace: null }, async (work) => {
      work.record("stock_updated", {
        product_id: Bun.randomUUIDv7(),
        movement_type: "in",
        old_quantity: "0.000",
        new_quantity: "10.000",
        reason: null,
        order_id: null,
        user_id: null,
      });
    });
  };
}

async function jobWriter(): Promise<void> {
  const id = Bun.randomUUIDv7();
  await database.transaction({}, async (tx) => {
    await Promise.all([
      tx.query("insert into peer.sent (id) values ($1)", [id]),
      tx.query("select graphile_worker.add_job('effect', $1::text::json)", [JSON.stringify({ id })]),
    ]);
  });
}

const streams = new RedisStreams(plan.redis_url, "bench-writer", () => undefined);
await streams.check();
const write = plan.kind === "events" ? eventWriter(streams) : jobWriter;
const wanted = Math.round(plan.per_second * plan.seconds);
const under_way = new Set<Promise<void>>();
const start = performance.now();
for (let i = 0; i < wanted; ) {
  const due = Math.min(wanted, Math.ceil(((performance.now() - start) / 1000) * plan.per_second));
  for (; i < due; i++) {
    const one = write(i).finally(() => under_way.delete(one));
    under_way.add(one);
  }
  await Bun.sleep(1);
}
await Promise.all(under_way);
const seconds = (performance.now() - start) / 1000;
await Bun.write(Bun.stdout, JSON.stringify({ seconds }));
await Promise.all([streams.close(), database.close()]);
process.exit(0);
