import { beforeAll, describe, expect, test } from "bun:test";
import { ShopClient } from "../e2e/path.ts";
import { runAsOwner, SECRET_KEY } from "../e2e/platform.ts";
import { type TestDatabase, testDatabase } from "../harness/database.ts";
import { startEdge } from "../harness/edge.ts";
import { type Network, startNetwork } from "../harness/network.ts";
import { programPath } from "../harness/packages.ts";
import { startPostgres } from "../harness/postgres.ts";
import { PROGRAM, type Program, startProgram } from "../harness/program.ts";
import { type Redis, startRedis } from "../harness/redis.ts";
import { withSession } from "../harness/session.ts";
import { until } from "../harness/until.ts";
import { difference, holdEverything } from "../relay/comparison.ts";
import { BEHIND, DISAGREEMENT } from "./agreement.ts";

const DROPLETS = ["data", "engines", "vertical", "edge"] as const;
type Droplet = (typeof DROPLETS)[number];

const LAUNCH = { command: PROGRAM, plugins: "/nonexistent" };
const PARTITIONS = 16;
const SELLERS = 3;
/** Longer than a reader waits in Redis at a time (2 s). */
const CUT_MS = 2_500;
const PORTS = { vertical: 8000, relay: 8001, engines: 8002 };

let network: Network<Droplet>;
let database: TestDatabase;
let redis: Redis;
let client: ShopClient;
let socket_folder: string;

function start(role: keyof typeof PORTS, droplet: Droplet): Program {
  const place = network.places[droplet];
  return startProgram({
    ...LAUNCH,
    args: ["start", "--role", role],
    network: place.network,
    env: {
      DATABASE_URL: database.urls[role],
      REDIS_URL: redis.url,
      ...(role === "relay" ? {} : { SECRET_KEY }),
      HOST: place.address,
      TRUSTED_PROXIES: network.places.edge.address,
      PLUGINS_DIR: LAUNCH.plugins,
      DRAIN_SECONDS: "0",
    },
  });
}

beforeAll(async () => {
  network = await startNetwork(DROPLETS);
  const { data, engines, vertical, edge } = network.places;
  const [server, memory] = await Promise.all([startPostgres({ place: data }), startRedis({ place: data })]);
  redis = memory;
  socket_folder = server.socketFolder;
  database = await testDatabase({ server });
  await holdEverything(database.urls.admin, PARTITIONS);
  const roles = [start("vertical", "vertical"), start("relay", "engines"), start("engines", "engines")] as const;
  const proxy = await startEdge({
    verticals: [`${vertical.address}:${PORTS.vertical}`],
    engines: [`${engines.address}:${PORTS.engines}`],
    listen: { address: edge.address, port: 80 },
    network: edge.network,
  });
  await Promise.all([
    roles[0].ready(`http://${vertical.address}:${PORTS.vertical}/ready`),
    roles[1].ready(`http://${engines.address}:${PORTS.relay}/ready`),
    roles[2].ready(`http://${engines.address}:${PORTS.engines}/ready`),
  ]);
  await runAsOwner(LAUNCH, database, ["tenant", "create", "--slug", "casa", "--name", "Casa"]);
  const user = ["user", "create", "--tenant", "casa", "--email", "a@casa.test", "--name", "A", "--role", "admin"];
  const password = /password: (\S+)/.exec(await runAsOwner(LAUNCH, database, user))?.[1] ?? "";
  const url = `http://${edge.address}:${proxy.port}`;
  client = new ShopClient({ url, host: "casa.localhost", email: "a@casa.test", password, patience: 5_000 });
  await client.login();
}, 60_000);

/** Sellers that buy, sell and deliver, a request every 50 ms each, and ask again under the same key until they are answered. */
class Sellers {
  /** Orders that were delivered, as their sellers were told. */
  readonly delivered: unknown[] = [];
  /** Requests that were answered as they should be. */
  answers = 0;
  #stopping = false;
  readonly #running: Promise<unknown>;

  constructor(customer_id: unknown, products: readonly unknown[]) {
    this.#running = Promise.all(products.map((product_id, i) => this.#sell(i, customer_id, product_id)));
  }

  async stop(): Promise<void> {
    this.#stopping = true;
    await this.#running;
  }

  async #sell(seller: number, customer_id: unknown, product_id: unknown): Promise<void> {
    for (let i = 0; !this.#stopping; i++) {
      const key = `${seller}-${i}`;
      const items = [{ product_id, quantity: "2" }];
      const order = await this.#insist(key, "/api/v1/orders", { customer_id, items }, 201);
      for (const status of ["preparing", "out_for_delivery", "delivered"]) {
        await this.#insist(`${key}-${status}`, `/api/v1/orders/${order.id}/status`, { status }, 200);
      }
      this.delivered.push(order.id);
    }
  }

  async #insist(key: string, path: string, body: Record<string, unknown>, status: number) {
    await Bun.sleep(50);
    const answer = await until(() => client.post(path, body, status, key), {
      what: `an answer to ${key}`,
      timeout: 60_000,
      every: 100,
    });
    this.answers++;
    return answer;
  }
}

/** How far the relay says it is, asked by the file of the server's socket: that needs no network. */
async function settled(): Promise<string> {
  const { username, password, port, pathname } = new URL(database.urls.admin);
  const url = `postgres://${username}:${password}@${pathname}?host=${socket_folder}&port=${port}`;
  const psql = Bun.spawnSync([
    await programPath("psql"),
    "-XqAt",
    "-d",
    url,
    "-c",
    "select max(settled_seq) from relay_progress",
  ]);
  if (psql.exitCode !== 0) throw new Error(psql.stderr.toString());
  return psql.stdout.toString();
}

const rows = <T extends object>(query: string) =>
  withSession(database.urls.admin, async (sql) => [...(await sql.unsafe<T[]>(query))]);

describe("four droplets whose links are cut and healed under load", () => {
  let sellers: Sellers;

  test("every link can be lost; work goes on when it is back", async () => {
    const customer = await client.post("/api/v1/customers", { kind: "individual", name: "Rosa" });
    const products: unknown[] = [];
    for (let i = 0; i < SELLERS; i++) {
      const product = await client.post("/api/v1/products", { name: `Brita ${i}`, unit: "M3", base_price: "90.00" });
      products.push(product.id);
    }
    sellers = new Sellers(customer.id, products);
    const more = (count: number) => {
      const enough = sellers.delivered.length + count;
      return until(() => sellers.delivered.length >= enough, { what: `${count} more deliveries`, timeout: 40_000 });
    };
    await more(3);
    for (const droplet of DROPLETS) {
      network.cut(droplet);
      // What was on its way may still arrive.
      await Bun.sleep(CUT_MS / 2);
      const before = { answers: sellers.answers, settled: await settled() };
      await Bun.sleep(CUT_MS / 2);
      const lost = { answers: sellers.answers === before.answers, settled: (await settled()) === before.settled };
      expect({ droplet, ...lost }).toEqual({ droplet, answers: droplet !== "engines", settled: true });
      network.heal(droplet);
      await more(3);
    }
    await sellers.stop();
  }, 180_000);

  test("every acknowledged write is in the ledger, once", async () => {
    const recorded = await rows<{ order_id: string }>(
      "select payload->>'order_id' as order_id from event_log where event_type = 'sale_recorded'",
    );
    expect(recorded.map(({ order_id }) => order_id).sort()).toEqual(sellers.delivered.map(String).sort());
    const [{ orders } = { orders: -1 }] = await rows<{ orders: number }>("select count(*)::int as orders from orders");
    expect(orders).toBe(sellers.delivered.length);
  });

  test("every stream has every event, and each engine applied each event once", async () => {
    await until(async () => (await difference(database.urls.admin, redis.url, PARTITIONS)) === undefined, {
      what: "the streams to be the ledger",
      timeout: 30_000,
    });
    await until(async () => (await rows(BEHIND)).length === 0, { what: "engines to be at the end", timeout: 30_000 });
    expect(await rows(DISAGREEMENT)).toEqual([]);
    expect(await rows("select * from parked_event")).toEqual([]);
  }, 90_000);
});
