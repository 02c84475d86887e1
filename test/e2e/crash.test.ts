import { beforeAll, describe, expect, test } from "bun:test";
import { PostgresDatabase } from "../../src/platform/database/postgres.ts";
import { PROGRAM } from "../harness/program.ts";
import { ShopClient } from "./path.ts";
import { type Launch, type Platform, shopWith, startPlatform } from "./platform.ts";

const REQUESTS = 40;
const LAUNCH: Launch = { command: PROGRAM, plugins: "/nonexistent" };

describe("a vertical that is killed amid requests", () => {
  let platform: Platform;
  beforeAll(async () => {
    platform = await startPlatform(LAUNCH);
  }, 60_000);

  test("has made each order once when its clients try again under the same keys, with its event and its number", async () => {
    const admin = await shopWith(platform, "crash", "admin");
    const client = new ShopClient(admin);
    await client.login();
    const product = await client.post("/api/v1/products", { name: "Brita", unit: "M3", base_price: "90.00" });
    const customer = await client.post("/api/v1/customers", { kind: "individual", name: "Rosa" });
    const items = [{ product_id: product.id, quantity: "1" }];
    const quotes: unknown[] = [];
    for (let i = 0; i < 10; i++) {
      const quote = await client.post("/api/v1/quotes", { customer_id: customer.id, items });
      await client.post(`/api/v1/quotes/${quote.id}/send`, {}, 200);
      await client.post(`/api/v1/quotes/${quote.id}/approve`, {}, 200);
      quotes.push(quote.id);
    }
    const order = (i: number) => client.post("/api/v1/orders", { customer_id: customer.id, items }, 201, `order-${i}`);
    const convert = (id: unknown) => client.post(`/api/v1/quotes/${id}/convert`, {}, [200, 201]);

    let answered = 0;
    let enough: () => void = () => undefined;
    const some = new Promise<void>((resolve) => {
      enough = resolve;
    });
    const first = Promise.allSettled(
      [...Array.from({ length: REQUESTS }, (_, i) => order(i)), ...quotes.map(convert)].map(async (request) => {
        await request;
        if (++answered === 8) enough();
      }),
    );
    await some;
    await platform.programs.vertical.kill();
    expect((await first).some(({ status }) => status === "rejected")).toBe(true);

    await platform.restart("vertical");
    const again = await Promise.all(Array.from({ length: REQUESTS }, (_, i) => order(i)));
    const converted = await Promise.all(quotes.map(convert));
    const numbers = [...again, ...converted].map(({ number }) => String(number)).sort();
    const all = Array.from({ length: REQUESTS + quotes.length }, (_, i) => `O-${String(i + 1).padStart(6, "0")}`);
    expect(numbers).toEqual(all);

    const database = new PostgresDatabase({ url: platform.database.urls.admin, application_name: "test", max: 1 });
    const [counts] = await database.query(
      `select (select count(*) from orders) as orders, count(*) as events, count(distinct payload->>'order_id') as distinct
       from event_log where event_type = 'order_created'`,
    );
    await database.close();
    expect(counts).toEqual({ orders: all.length, events: all.length, distinct: all.length });
  }, 60_000);
});
