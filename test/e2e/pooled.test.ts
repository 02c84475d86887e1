import { beforeAll, describe, expect, test } from "bun:test";
import { join } from "node:path";
import { type TestDatabase, testDatabase } from "../harness/database.ts";
import { temporaryFolder } from "../harness/folder.ts";
import { type PgBouncer, startPgBouncer } from "../harness/pgbouncer.ts";
import { PROGRAM } from "../harness/program.ts";
import { withSession } from "../harness/session.ts";
import { until } from "../harness/until.ts";
import { ShopClient, walkThePath } from "./path.ts";
import { type Platform, shopWith, startPlatform } from "./platform.ts";
import { GREETER, GREETING } from "./three-processes.ts";

/** Fewer than the program has connections, so that sessions go from hand to hand. */
const SESSIONS = 3;
const PRODUCTS = 40;

describe("behind a transaction pool", () => {
  let database: TestDatabase;
  let pool: PgBouncer;
  let platform: Platform;

  beforeAll(async () => {
    database = await testDatabase();
    pool = await startPgBouncer(database, SESSIONS);
    const { admin, owner } = database.urls;
    const plugins = await temporaryFolder("plugins");
    await Bun.write(join(plugins, "greeter/engine.ts"), GREETER);
    await Bun.write(join(plugins, "greeter/greeting.ts"), GREETING);
    const launch = { command: PROGRAM, plugins, env: { DATABASE_POOLED: "true" } };
    platform = await startPlatform(launch, [join(plugins, "greeter")], {
      database: { urls: { admin, owner, ...pool.urls } },
    });
  }, 60_000);

  test("an order becomes an alert, with few sessions that go from hand to hand", async () => {
    await walkThePath(await shopWith(platform, "casa", "seller"));
    const sessions = await withSession(
      database.urls.admin,
      (sql) => sql`select usename, count(*)::integer as sessions from pg_stat_activity
                   where datname = ${database.name} and usename like 'basecommerce_%' group by usename`,
    );
    for (const { sessions: count } of sessions) expect(count).toBeLessThanOrEqual(SESSIONS);
  });

  test("two shops keep what is theirs, once, while the pool dies and comes back", async () => {
    const shops = await Promise.all(["leste", "oeste"].map((slug) => shopWith(platform, slug, "admin")));
    const clients = shops.map((shop) => new ShopClient({ ...shop, patience: 20_000 }));
    await Promise.all(clients.map((client) => client.login()));
    const product = (shop: number, i: number) => {
      const body = { name: `${shop} ${i}`, unit: "UN", base_price: "1.00" };
      return clients[shop]?.post("/api/v1/products", body, 201, `product-${i}`);
    };
    const all = () => Array.from({ length: 2 * PRODUCTS }, (_, i) => product(i % 2, i >> 1));
    const { promise: some, resolve } = Promise.withResolvers<void>();
    let answered = 0;
    const first = all().map(async (made) => {
      await made;
      if (++answered === PRODUCTS / 2) resolve();
    });
    await Promise.race([some, Promise.allSettled(first)]);
    await pool.kill();
    expect((await Promise.allSettled(first)).some(({ status }) => status === "rejected")).toBe(true);
    pool = await startPgBouncer(database, SESSIONS, pool.port);
    await until(() => clients[0]?.get("/api/v1/products"), { what: "the vertical to be back" });
    await Promise.all(all());

    const expected = [0, 1].map((shop) => Array.from({ length: PRODUCTS }, (_, i) => `${shop} ${i}`).sort());
    const names = (rows: unknown) => (Array.isArray(rows) ? rows.map(({ name }) => String(name)).sort() : rows);
    const lists = clients.map(async (client) => names((await client.get("/api/v1/products?limit=200")).items));
    expect(await Promise.all(lists)).toEqual(expected);
    const seen = await until(
      async () => {
        const found = clients.map(async (client) => names((await client.get("/api/v1/engines/greeter/seen")).items));
        const lists = await Promise.all(found);
        return lists.every((list) => Array.isArray(list) && list.length >= PRODUCTS) && lists;
      },
      { what: "the engine to have seen all of them" },
    );
    expect(seen).toEqual(expected.map((list) => list.map((name) => `Olá, ${name}`)));
  }, 60_000);
});
