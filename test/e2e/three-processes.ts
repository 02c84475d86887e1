import { expect, test } from "bun:test";
import { until } from "../harness/until.ts";
import { ShopClient, walkThePath } from "./path.ts";
import { type Platform, shopWith } from "./platform.ts";

/** A drop-in engine that only the public SDK is needed for: it remembers the products it saw. */
export const GREETER = `
import { defineEngine } from "@basecommerce/engine";
import { greet } from "./greeting.ts";

export default defineEngine({
  name: "greeter",
  version: "1.0.0",
  description: "Remembers new products",
  from: "beginning",
  migrations: [{ id: "0001_seen", up: "create table seen (tenant_id uuid not null, name text not null)" }],
  subscriptions: {
    construction: {
      product_created: async (event, { db }) => {
        await db.query("insert into seen (tenant_id, name) values ($1, $2)", [event.tenant_id, greet(event.payload.name)]);
      },
    },
  },
  routes: (app) => app.get("/seen", async ({ db }) => ({ items: await db.query("select name from seen") })),
});
`;
export const GREETING = 'export const greet = (name: string) => "Olá, ".concat(name);\n';
export const BROKEN = "export default defineEngine({\n";

/** What three processes on real servers must do, however they were started. */
export function threeProcesses(platform: () => Platform): void {
  test("an order becomes an alert, through nginx, three processes, PostgreSQL and Redis", async () => {
    const seller = await shopWith(platform(), "casa", "seller");
    await walkThePath(seller);
    // What a client says of the shop is overwritten by nginx.
    await walkThePath({ ...seller, slug: "another" });
  });

  test("a drop-in engine of plain files works beside a broken one", async () => {
    const client = new ShopClient(await shopWith(platform(), "drop", "admin"));
    await client.login();
    await client.post("/api/v1/products", { name: "Areia", unit: "M3", base_price: "120.00" });
    const seen = await until(
      async () => {
        const { items } = await client.get("/api/v1/engines/greeter/seen");
        return Array.isArray(items) && items.length > 0 && items;
      },
      { what: "the drop-in engine to see the product" },
    );
    expect(seen).toEqual([{ name: "Olá, Areia" }]);
    const { items } = await client.get("/api/v1/engines");
    expect(items).toContainEqual(expect.objectContaining({ name: "broken", state: "failed" }));
    const ready = await fetch(`http://127.0.0.1:${platform().ports.engines}/ready`);
    expect(ready.status).toBe(200);
    expect(await ready.text()).toContain("broken/engine.ts does not load");
  });

  test("each role tells whether it is alive, ready and how it is", async () => {
    for (const port of Object.values(platform().ports)) {
      const health = await fetch(`http://127.0.0.1:${port}/health`);
      expect(await health.json()).toEqual({ status: "ok" });
      const ready = await fetch(`http://127.0.0.1:${port}/ready`);
      expect(await ready.json()).toMatchObject({ status: "ok", checks: { database: { status: "ok" } } });
      const metrics = await (await fetch(`http://127.0.0.1:${port}/metrics`)).text();
      expect(metrics).toContain("process_resident_memory_bytes");
    }
  });

  test("SIGTERM ends every role with code 0", async () => {
    const codes = await Promise.all(Object.values(platform().programs).map((program) => program.stop()));
    expect(codes).toEqual([0, 0, 0]);
  });
}
