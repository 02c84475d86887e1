import { beforeAll, describe, expect, test } from "bun:test";
import { existsSync } from "node:fs";
import { mkdir, rm, utimes } from "node:fs/promises";
import { join } from "node:path";
import { ShopClient } from "../../e2e/path.ts";
import { type Launch, type Place, type Platform, shopWith, startPlatform } from "../../e2e/platform.ts";
import { temporaryFolder } from "../../harness/folder.ts";
import { programPaths } from "../../harness/packages.ts";
import { startPostgres } from "../../harness/postgres.ts";
import { PROGRAM } from "../../harness/program.ts";
import { urlFor, withSession } from "../../harness/session.ts";
import { makeRoles, PASSWORD } from "../../harness/template.ts";
import { until } from "../../harness/until.ts";
import { difference, holdEverything } from "../../relay/comparison.ts";
import { BEHIND, DISAGREEMENT } from "../agreement.ts";
import { rightsOf, rowsOf } from "./database-facts.ts";
import { runScript, writableFolder } from "./script.ts";

const LAUNCH: Launch = { command: PROGRAM, plugins: "/nonexistent" };
const PARTITIONS = 16;
/** What a restore changes: everybody signs in anew, and who held leases is gone. */
const CHANGED = new Set(["sessions", "lease"]);

let platform: Platform;
let backups: string;
let elsewhere: string;
let client: ShopClient;

/** A delivery of goods, sold in part and brought to the customer. */
async function trade(name: string, quantity: string, sold: string): Promise<void> {
  const product = await client.post("/api/v1/products", { name, unit: "SC", base_price: "10.00" });
  const movement = { product_id: product.id, movement_type: "in", quantity, reason: "Compra" };
  await client.post("/api/v1/stock/movements", movement);
  const customer = await client.post("/api/v1/customers", { kind: "individual", name: `${name} Silva` });
  const items = [{ product_id: product.id, quantity: sold }];
  const order = await client.post("/api/v1/orders", { customer_id: customer.id, items });
  for (const status of ["preparing", "out_for_delivery", "delivered"]) {
    await client.post(`/api/v1/orders/${order.id}/status`, { status }, 200);
  }
}

async function problems({ urls }: Place): Promise<string[]> {
  return await withSession(urls.admin, async (sql) => {
    const behind = await sql.unsafe<{ place: string }[]>(BEHIND);
    const wrong = await sql.unsafe<{ problem: string }[]>(DISAGREEMENT);
    return [...behind.map(({ place }) => `behind in ${place}`), ...wrong.map(({ problem }) => problem)];
  });
}

const settled = (place: Place) =>
  until(async () => (await problems(place)).join() === "", { what: "engines to have all events", timeout: 30_000 });

const dump = (env: Record<string, string> = {}) =>
  runScript("dump.sh", [], { DATABASE_URL: platform.database.urls.owner, BACKUP_DIR: backups, ...env });

beforeAll(async () => {
  await programPaths(["pg_dump", "pg_restore", "psql"]);
  [platform, backups, elsewhere] = await Promise.all([
    startPlatform(LAUNCH),
    writableFolder("backups"),
    writableFolder("elsewhere"),
  ]);
  await holdEverything(platform.database.urls.admin, PARTITIONS);
  const admin = await shopWith(platform, "casa", "admin");
  client = new ShopClient(admin);
  await client.login();
}, 60_000);

describe("dump.sh and restore.sh", () => {
  let folder: string;
  let rows: Map<string, string>;
  let rights: unknown;
  let restored: Place;

  test("a backup is taken while everything runs, checked, brought elsewhere, and old ones go", async () => {
    await trade("Cimento", "100", "5");
    await trade("Argila", "40", "10.5");
    await settled(platform.database);
    // What the relay does when it next looks: with events written, one more range. It must not come after the backup.
    await withSession(platform.database.urls.admin, (sql) => sql`select event_log_extend()`);
    const old = join(backups, "20200101T000000Z");
    await mkdir(old);
    await utimes(old, new Date(0), new Date(0));

    const before = await rowsOf(platform.database.urls.admin);
    const { code, output } = await dump({ AFTER_BACKUP: `cp -r "$1" ${elsewhere}` });
    expect({ code, output }).toEqual({ code: 0, output: expect.stringMatching(/\/\d{8}T\d{6}Z$/) });
    folder = output;
    const after = await rowsOf(platform.database.urls.admin);
    // Leases and heartbeats go on meanwhile.
    rows = new Map([...before].filter(([name, digest]) => after.get(name) === digest && !CHANGED.has(name)));
    for (const name of ["tenants", "users", "event_log_1", "orders", "stock_levels", "engine_stock.products"]) {
      expect(rows.has(name), name).toBe(true);
      expect(rows.get(name)).not.toStartWith("0 ");
    }
    rights = await rightsOf(platform.database.urls.admin);
    expect(existsSync(old)).toBe(false);
    expect(existsSync(join(elsewhere, folder.split("/").at(-1) ?? "", "database.dump"))).toBe(true);
  }, 60_000);

  test("it is refused where rows would be missing, and leaves nothing half-made", async () => {
    const { urls } = platform.database;
    for (const login of ["vertical", "engines"] as const) {
      const { code, output } = await dump({ DATABASE_URL: urls[login] });
      expect({ code, output }).toEqual({ code: 1, output: expect.stringContaining("does not see all rows of") });
    }
    expect((await dump({ BACKUP_DIR: "" })).output).toContain("BACKUP_DIR is missing");
    expect([...new Bun.Glob("{*,.*}/").scanSync({ cwd: backups, dot: true, onlyFiles: false })]).toHaveLength(1);
  });

  test("restored into a fresh cluster, rows, events, roles, rights and row-level security are as they were", async () => {
    // After the backup, and thus to be ghosts.
    await trade("Telha", "70", "7");
    await trade("Areia", "9", "1");
    await settled(platform.database);
    await Promise.all(Object.values(platform.programs).map((program) => program.stop()));

    const server = await startPostgres();
    await server.createDatabase("basecommerce");
    const admin = server.url("basecommerce");
    await makeRoles(admin);
    const as = (login: string) => urlFor(admin, "basecommerce", `basecommerce_${login}`, PASSWORD);
    const urls = { admin, owner: as("owner"), vertical: as("vertical"), relay: as("relay"), engines: as("engines") };
    restored = { urls };
    const { code, output } = await runScript("restore.sh", [folder], { DATABASE_URL: urls.owner });
    expect({ code, output }).toEqual({
      code: 0,
      output: expect.stringMatching(/restored: 1 shop\(s\), events up to seq \d+/),
    });

    const found = await rowsOf(admin);
    for (const [name, digest] of rows) expect(`${name} ${found.get(name)}`).toBe(`${name} ${digest}`);
    expect(await rightsOf(admin)).toEqual(rights as Record<string, unknown>);
    await withSession(urls.vertical, async (sql) => expect(await sql`select from orders`).toHaveLength(0));
    await withSession(admin, async (sql) =>
      expect(await sql`select from sessions where revoked_at is null`).toHaveLength(0),
    );
  }, 60_000);

  test("it is refused where it would mix with something, or where a file is damaged", async () => {
    const again = await runScript("restore.sh", [folder], { DATABASE_URL: restored.urls.owner });
    expect(again).toEqual({ code: 1, output: expect.stringContaining("holds tables already") });
    const damaged = await temporaryFolder("damaged");
    await Bun.$`cp -r ${folder}/. ${damaged}`.quiet();
    await rm(join(damaged, "roles.sql"));
    await Bun.write(join(damaged, "roles.sql"), "drop table orders;");
    const other = await runScript("restore.sh", [damaged], { DATABASE_URL: restored.urls.owner });
    expect(other).toEqual({ code: 1, output: expect.stringContaining("not those that were backed up") });
  });

  test("with a Redis that holds newer entries: the alarm tells what to do, streams are rebuilt, no ghost is applied", async () => {
    const { redis } = platform;
    platform = await startPlatform(LAUNCH, [], { database: restored, redis });
    const alarm = await platform.programs.relay.line("DIVERGENCE");
    expect(alarm).toContain("docs/operations.md");
    // Whoever was signed in signs in anew.
    await expect(client.get("/auth/me")).rejects.toThrow();
    client = new ShopClient({ ...client.shop, url: platform.url });
    await client.login();
    // The same seqs as the ghosts', for other events.
    await trade("Tijolo", "500", "120");
    await settled(restored);
    await until(async () => (await difference(restored.urls.admin, redis.url, PARTITIONS)) === undefined, {
      what: "the streams to be the ledger",
    });
    const names = await withSession(
      restored.urls.admin,
      (sql) => sql`select name from engine_stock.products order by 1`,
    );
    expect(names.map(({ name }) => name)).toEqual(["Argila", "Cimento", "Tijolo"]);
  }, 60_000);
});
