import { afterAll, beforeAll, beforeEach, expect, test } from "bun:test";
import { EngineBench } from "../../test/engines/engine-bench.ts";
import { daysAgo } from "../../test/engines/history.ts";
import engine from "./engine.ts";
import { brick, first, Market, sand, second, third } from "./market.ts";

let bench: EngineBench;
beforeAll(async () => {
  bench = await EngineBench.open(engine);
}, 60_000);
beforeEach(() => bench.reset());
afterAll(() => bench.close());

const get = async (path: string) => (await bench.request("GET", path)).body;

test("the lowest of current and mean together is suggested, not the cheapest of today", async () => {
  const market = new Market().product(sand, daysAgo(100), { name: "Areia" });
  // Today's bargain against a supplier that was always a little dearer but steady.
  market.price(sand, first, "30.00", daysAgo(40)).price(sand, first, "19.00", daysAgo(1));
  market.price(sand, second, "20.00", daysAgo(40)).price(sand, second, "20.00", daysAgo(1));
  await bench.apply(market.events);
  const { items } = await get(`/compare/${sand}`);
  expect(items).toEqual([
    expect.objectContaining({
      supplier_id: first,
      price: "19.00",
      difference: "0.00",
      mean: "24.50",
      stability: "unstable",
    }),
    expect.objectContaining({
      supplier_id: second,
      difference: "1.00",
      difference_percent: "5.26",
      stability: "stable",
    }),
  ]);
  expect(await get(`/suggest/${sand}`)).toMatchObject({
    supplier_id: second,
    price: "20.00",
    score: "20.00",
    explanation: expect.stringContaining("Areia: buy from S2 at R$ 20.00."),
  });
  expect(await get(`/base-cost/${sand}`)).toMatchObject({
    supplier_id: second,
    base_cost: "20.00",
    mean_of_current: "19.50",
  });
});

test("inactive suppliers and products are not recommended, unknown products not found", async () => {
  const market = new Market()
    .product(sand)
    .price(sand, first, "10.00")
    .price(sand, second, "20.00")
    .supplier(first, false);
  await bench.apply(market.events);
  expect((await get(`/compare/${sand}`)).items).toHaveLength(1);
  expect(await get(`/suggest/${sand}`)).toMatchObject({ supplier_id: second });
  await bench.apply(market.switched(sand, false).events.slice(-1));
  bench.shop.locale = "pt-BR";
  expect(await get(`/suggest/${sand}`)).toMatchObject({
    supplier_id: null,
    price: null,
    explanation: "Areia: o produto está inativo, nada é sugerido.",
  });
  expect((await bench.request("GET", `/suggest/${brick}`)).status).toBe(404);
  expect((await bench.request("GET", `/price-trend/${sand}/${third}`)).status).toBe(404);
});

test("the current price is the latest for the smallest minimum quantity", async () => {
  const market = new Market()
    .product(sand)
    .price(sand, first, "10.00")
    .price(sand, first, "7.00", daysAgo(0), "100.000");
  await bench.apply(market.events);
  expect((await get(`/compare/${sand}`)).items).toEqual([
    expect.objectContaining({ price: "10.00", min_quantity: null }),
  ]);
});

test("a price that jumps alerts, from 0 without a percentage, and the list pages", async () => {
  const market = new Market().product(sand, daysAgo(9), { name: "Areia" });
  for (const [day, price] of ["100.00", "109.99", "120.99", "0.00", "5.00", "5.00"].entries()) {
    market.price(sand, first, price, daysAgo(8 - day));
  }
  await bench.apply(market.events);
  const { items } = await get("/price-alerts");
  expect(items.map((alert: Alert) => [alert.kind, alert.new_price, alert.variation_percent])).toEqual([
    ["increase", "5.00", null],
    ["decrease", "0.00", "-100.00"],
    ["increase", "120.99", "10.00"],
  ]);
  expect(items[2].explanation).toBe("Areia: S1 raised the price from R$ 109.99 to R$ 120.99 (10.00 %).");
  const page = await get("/price-alerts?limit=2&kind=increase");
  expect(page.next_cursor).toBeNull();
  const top = await get("/price-alerts?limit=1");
  expect((await get(`/price-alerts?limit=5&cursor=${top.next_cursor}`)).items).toEqual(items.slice(1));
  expect((await bench.request("GET", "/price-alerts?cursor=nonsense")).status).toBe(422);
});

type Alert = Record<string, string | null>;
