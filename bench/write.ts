import { PostgresDatabase } from "../src/platform/database/postgres.ts";
import { createOrder } from "../src/verticals/construction/orders/service.ts";
import { createQuote } from "../src/verticals/construction/quotes/service.ts";
import type { ShopWork } from "../src/verticals/construction/work.ts";
import { whenDone } from "../test/harness/cleanup.ts";
import { temporaryFolder } from "../test/harness/folder.ts";
import { binary } from "./binary.ts";
import type { Effort, Family } from "./family.ts";
import { type Figure, figure } from "./figure.ts";
import { type Load, load, requestText } from "./load/load.ts";
import { type PgbenchScript, pgbench, pgbenchScript } from "./pgbench.ts";
import { openPlatform } from "./platform.ts";
import { RecordingDatabase } from "./recording.ts";
import { type StaffedShop, staffShops, workOn } from "./staffed-shops.ts";

/** Orders of one shop wait for each other's number: enough shops that this is rare, for both. */
const SHOPS = 32;
const CLIENTS = 8;

interface Write {
  name: string;
  path: string;
  items: number;
  act: (work: ShopWork, input: ReturnType<typeof bodyOf>) => Promise<{ id: string }>;
  reach?: { ratio_at_least: number };
}

const WRITES: readonly Write[] = [
  { name: "order with 3 items", path: "/api/v1/orders", items: 3, act: createOrder, reach: { ratio_at_least: 0.5 } },
  { name: "quote with 10 items", path: "/api/v1/quotes", items: 10, act: createQuote },
];

function bodyOf({ customer_id, product_ids }: StaffedShop, items: number) {
  return {
    customer_id,
    items: product_ids.slice(0, items).map((product_id, i) => ({ product_id, quantity: `${i + 1}` })),
  };
}

/** What the vertical sends for one such write of this shop, as a script. */
async function recorded(
  database: PostgresDatabase,
  shop: StaffedShop,
  write: Write,
  i: number,
): Promise<PgbenchScript> {
  const recorder = new RecordingDatabase(database);
  const uow = workOn(recorder);
  const { id } = await uow.run(shop.context, (work) => write.act(work, bodyOf(shop, write.items)));
  const last = String(recorder.statements.at(-1)?.parameters[0]);
  const event_id = /"event_id":"([^"]+)"/.exec(last)?.[1];
  if (event_id === undefined) throw new Error("the last statement wrote no event");
  return pgbenchScript(`t${i}`, recorder.statements, [id, event_id]);
}

async function measure(effort: Effort, say: (line: string) => void): Promise<Figure[]> {
  const platform = await openPlatform(await binary(say));
  const { admin, vertical } = platform.database.urls;
  const database = new PostgresDatabase({ url: vertical, application_name: "bench", max: 4 });
  whenDone(() => database.close());
  const shops = await staffShops(admin, database, platform.secret, SHOPS);
  const { process, url } = await platform.ready("vertical");
  const folder = await temporaryFolder("pgbench");
  const seconds = Math.ceil(4 * effort.scale);
  const figures: Figure[] = [];
  for (const write of WRITES) {
    const scripts = await Promise.all(shops.map((shop, i) => recorded(database, shop, write, i)));
    const requests = shops.map((shop) => requestText("POST", write.path, shop.headers, bodyOf(shop, write.items)));
    const loads: Load[] = [];
    const peers: number[] = [];
    for (let i = 0; i < effort.repetitions; i++) {
      loads.push(
        await load(process.pid, {
          port: Number(new URL(url).port),
          requests,
          connections: CLIENTS,
          pipeline: 1,
          warm_ms: 1000,
          measure_ms: seconds * 1000,
        }),
      );
      peers.push(await pgbench({ url: vertical, folder, scripts, clients: CLIENTS, seconds }));
    }
    const reference = { name: "pgbench, same SQL", values: peers };
    figures.push(
      figure({
        name: `POST of an ${write.name}`.replace("an quote", "a quote"),
        unit: "/s",
        values: loads.map(({ per_second }) => per_second),
        reference,
        ...(write.reach ? { reach: write.reach } : {}),
      }),
      figure({ name: `${write.name}: answered after, p50`, unit: "ms", values: loads.map(({ p50_ms }) => p50_ms) }),
      figure({ name: `${write.name}: p99`, unit: "ms", values: loads.map(({ p99_ms }) => p99_ms) }),
      figure({ name: `${write.name}: processor time`, unit: "µs", values: loads.map(({ cpu_us }) => cpu_us) }),
    );
  }
  return figures;
}

export const write: Family = {
  about: "writes over HTTP (who asks, which shop, event) beside the same statements sent by pgbench",
  measure,
};
