import { Batch } from "./batch.ts";
import { type Sink, shopDay } from "./day.ts";
import { foundShop } from "./founding.ts";
import type { LoadedShop } from "./loaded-shop.ts";
import type { Loader } from "./loader.ts";
import { Period } from "./period.ts";

export interface LoadOptions {
  tenants: number;
  orders: number;
  seed: number;
  /** Of the shops' slugs: `<prefix>-1`, `<prefix>-2` … */
  prefix: string;
  days: number;
  /** Midnight in São Paulo where the history ends, in milliseconds of UTC. */
  until: number;
  partitions: number;
  password_hash: string;
  /** Hears how many orders are committed. */
  progress: (orders: number) => void;
}

export interface Loaded {
  orders: number;
  events: number;
}

/** Rows of shops that are founded in one transaction. */
const FOUNDED_AT_ONCE = 20;
/** Seconds that a commit should take: others may wait for it, and a relay reads nothing newer before. */
const COMMIT_SECONDS = 0.7;
/** Milliseconds of making rows before the driver gets a turn to send others. */
const TURN_MS = 4;

/** Fills a database with shops and their history; the same options give the same rows. */
export async function load(loader: Loader, options: LoadOptions): Promise<Loaded> {
  const period = new Period(options.until, options.days);
  const shops = await foundAll(loader, period, options);
  return await trade(loader, period, shops, options);
}

async function foundAll(loader: Loader, period: Period, options: LoadOptions): Promise<LoadedShop[]> {
  const { tenants, orders, seed, prefix, partitions, password_hash } = options;
  // Loads with another prefix have other ids.
  const own_seed = Number(Bun.hash.crc32(`${prefix} ${seed}`));
  const shops: LoadedShop[] = [];
  let batch = new Batch();
  for (let place = 0; place < tenants; place++) {
    const share = Math.floor((orders * (place + 1)) / tenants) - Math.floor((orders * place) / tenants);
    const slug = `${prefix}-${place + 1}`;
    const shop = { period, seed: own_seed + place, slug, place, orders: share, partitions, password_hash };
    shops.push(foundShop(batch, shop));
    if ((place + 1) % FOUNDED_AT_ONCE === 0 || place + 1 === tenants) {
      await loader.load(batch, true);
      batch = new Batch();
    }
  }
  return shops;
}

/** Day after day through all shops, as their rows would come to lie in a platform's tables. */
async function trade(loader: Loader, period: Period, shops: LoadedShop[], options: LoadOptions): Promise<Loaded> {
  const sink: Sink = { batch: new Batch() };
  const total: Loaded = { orders: 0, events: 0 };
  let size = 200;
  let loading = Promise.resolve();
  const flush = async () => {
    await loading;
    const { batch } = sink;
    sink.batch = new Batch();
    loading = commit(loader, batch).then((seconds) => {
      size = nextSize(batch.orders, seconds);
      total.orders += batch.orders;
      total.events += batch.events;
      options.progress(total.orders);
    });
    // Awaited before the next one; a failure must not count as unheard until then.
    loading.catch(() => undefined);
  };
  let turn = performance.now();
  for (let day = 0; day < period.days; day++) {
    for (const shop of shops) {
      for (const _deal of shopDay(sink, shop, period, day)) {
        if (sink.batch.orders >= size) await flush();
        if (performance.now() - turn < TURN_MS) continue;
        await Bun.sleep(0);
        turn = performance.now();
      }
    }
  }
  await flush();
  await loading;
  return total;
}

async function commit(loader: Loader, batch: Batch): Promise<number> {
  const begun = performance.now();
  await loader.load(batch, false);
  return (performance.now() - begun) / 1000;
}

function nextSize(orders: number, seconds: number): number {
  const fitting = (Math.max(orders, 1) * COMMIT_SECONDS) / Math.max(seconds, 0.001);
  return Math.round(Math.min(5000, Math.max(20, fitting)));
}
