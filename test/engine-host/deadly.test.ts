import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { join } from "node:path";
import { PostgresDatabase } from "../../src/platform/database/postgres.ts";
import { ShopClient } from "../e2e/path.ts";
import { type Platform, shopWith, startPlatform } from "../e2e/platform.ts";
import { temporaryFolder } from "../harness/folder.ts";
import { PROGRAM } from "../harness/program.ts";
import { until } from "../harness/until.ts";

/** Kills its Worker on some products, in the ways a plugin can. */
const DEADLY = `
import { defineEngine } from "@basecommerce/engine";

const hoard = [];

export default defineEngine({
  name: "deadly",
  version: "1.0.0",
  description: "Dies of some products",
  from: "beginning",
  handler_timeout_ms: 500,
  migrations: [{ id: "0001_seen", up: "create table seen (tenant_id uuid not null, name text not null)" }],
  subscriptions: {
    construction: {
      product_created: async (event, { db }) => {
        if (event.payload.name === "exit") process.exit(1);
        if (event.payload.name === "loop") for (;;);
        if (event.payload.name === "hoard") hoard.push(new Uint8Array(600e6));
        await db.query("insert into seen values ($1, $2)", [event.tenant_id, event.payload.name]);
      },
    },
  },
});
`;

describe("events that kill the Worker of their engine", () => {
  let platform: Platform;
  let admin: PostgresDatabase;
  beforeAll(async () => {
    const plugins = await temporaryFolder("deadly");
    await Bun.write(join(plugins, "deadly/engine.ts"), DEADLY);
    platform = await startPlatform({ command: PROGRAM, plugins }, [join(plugins, "deadly")]);
    admin = new PostgresDatabase({ url: platform.database.urls.admin, application_name: "test", max: 1 });
  }, 60_000);
  afterAll(() => admin.close());

  test("are laid aside as crashed; what comes after them and the other engines go on", async () => {
    const client = new ShopClient(await shopWith(platform, "fatal", "seller"));
    await client.login();
    for (const name of ["first", "exit", "between", "loop", "last"]) {
      await client.post("/api/v1/products", { name, unit: "UN", base_price: "1.00" });
    }
    const seen = () => admin.query("select name from engine_deadly.seen order by name");
    await until(async () => (await seen()).length === 3, { what: "all others to be handled", timeout: 100_000 });
    expect(await seen()).toEqual([{ name: "between" }, { name: "first" }, { name: "last" }]);
    const dead = await admin.query(
      "select payload->>'name' as name, state, error_code from parked_event where engine = 'deadly' order by seq",
    );
    expect(dead).toEqual([
      { name: "exit", state: "dead", error_code: "crashed" },
      { name: "loop", state: "dead", error_code: "crashed" },
    ]);
    const { items } = await client.get("/api/v1/engines");
    expect(items).toContainEqual(expect.objectContaining({ name: "stock", state: "running" }));
  }, 120_000);

  test("memory it does not give back costs an engine its Worker, and nobody else anything", async () => {
    const client = new ShopClient(await shopWith(platform, "hoard", "seller"));
    await client.login();
    const post = (name: string) => client.post("/api/v1/products", { name, unit: "UN", base_price: "1.00" });
    await post("hoard");
    await platform.programs.engines.line(/"engine":"deadly".*of memory, more than an engine may/, { timeout: 30_000 });
    await post("lean");
    const seen = () => admin.query("select 1 from engine_deadly.seen where name in ('hoard', 'lean')");
    await until(async () => (await seen()).length === 2, { what: "both to be handled", timeout: 30_000 });
    const { items } = await client.get("/api/v1/engines");
    expect(items).toContainEqual(expect.objectContaining({ name: "stock", state: "running" }));
  }, 90_000);
});
