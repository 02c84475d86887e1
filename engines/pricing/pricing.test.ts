import { afterAll, beforeAll, beforeEach, expect, test } from "bun:test";
import fc from "fast-check";
import { EngineBench, TENANT } from "../../test/engines/engine-bench.ts";
import { daysAgo, History, id } from "../../test/engines/history.ts";
import { interleavings } from "../../test/engines/shuffle.ts";
import type { PricingEvent } from "./apply.ts";
import engine from "./engine.ts";
import { Oracle } from "./oracle.ts";

let bench: EngineBench;
beforeAll(async () => {
  bench = await EngineBench.open(engine);
}, 60_000);
beforeEach(async () => {
  await bench.empty(true);
  bench.shop = { tenant_id: TENANT, time_zone: "America/Sao_Paulo", locale: "en" };
});
afterAll(() => bench.close());

const [sand = "", brick = ""] = [1, 2].map((number) => id("product", number));
const SUPPLIERS = [1, 2, 3].map((number) => id("supplier", number));
const [first = "", second = "", third = ""] = SUPPLIERS;
const CONFIG = { variation_threshold: 10, window_days: 90, current_weight: 70 };

class Market extends History {
  price(
    product_id: string,
    supplier_id: string,
    price: string,
    at = daysAgo(0),
    min_quantity: string | null = null,
  ): this {
    const supplier_name = `S${SUPPLIERS.indexOf(supplier_id) + 1}`;
    const payload = { supplier_id, supplier_name, product_id, price, min_quantity, payment_days: 30 };
    return this.add("supplier_price_registered", product_id, payload, at);
  }

  supplier(supplier_id: string, active: boolean, at = daysAgo(0)): this {
    const name = `S${SUPPLIERS.indexOf(supplier_id) + 1}`;
    return this.add("supplier_updated", supplier_id, { supplier_id, name, active, user_id: null }, at);
  }
}

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
  const facts = { code: null, name: "Areia", category: null, unit: "M3", active: false, user_id: null } as const;
  await bench.apply(market.add("product_updated", sand, { product_id: sand, ...facts }).events.slice(-1));
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

const happening = fc.record({
  supplier: fc.nat({ max: 2 }),
  product: fc.nat({ max: 1 }),
  cents: fc.oneof(fc.integer({ min: 900, max: 1100 }), fc.nat({ max: 5000 })),
  tier: fc.constantFrom(null, null, "10.000"),
  switches: fc.integer({ min: 0, max: 9 }),
  days: fc.oneof(fc.nat({ max: 60 }), fc.constantFrom(89, 90, 91), fc.nat({ max: 200 })),
  shift_ms: fc.nat({ max: 86_000_000 }),
});

const histories = fc.array(happening, { minLength: 1, maxLength: 25 }).map((happenings) => {
  const market = new Market().product(sand, daysAgo(300)).product(brick, daysAgo(300));
  const times = happenings.map((one) => ({ ...one, at: daysAgo(one.days + 1, one.shift_ms) }));
  for (const one of times.sort((a, b) => (a.at < b.at ? -1 : 1))) {
    const supplier_id = SUPPLIERS[one.supplier] ?? first;
    if (one.switches < 2) market.supplier(supplier_id, one.switches === 0, one.at);
    else market.price(one.product === 0 ? sand : brick, supplier_id, (one.cents / 100).toFixed(2), one.at, one.tier);
  }
  return market.events;
});

test("offers, alerts and trends are those of the slow computation", async () => {
  await fc.assert(
    fc.asyncProperty(histories, fc.constantFrom("America/Sao_Paulo", "Asia/Kolkata"), async (events, time_zone) => {
      await bench.empty(true);
      bench.shop.time_zone = time_zone;
      await bench.apply(events);
      const oracle = new Oracle(events as PricingEvent[], CONFIG, time_zone, daysAgo(0));
      for (const product_id of [sand, brick]) {
        const offers = oracle.offers(product_id);
        const shown = (await get(`/compare/${product_id}`)).items;
        expect(
          shown.map(({ supplier_id, price, mean, stability }: Alert) => [supplier_id, price, mean, stability]),
        ).toEqual(
          offers.map(({ supplier_id, price, mean, count, stable }) => [
            supplier_id,
            price.toFixed(2),
            mean.toFixed(2),
            count < 2 ? null : stable ? "stable" : "unstable",
          ]),
        );
        const best = offers.toSorted((a, b) => a.score.toDecimalPlaces(12).cmp(b.score.toDecimalPlaces(12)))[0];
        const suggested = await get(`/suggest/${product_id}`);
        expect([suggested.supplier_id, suggested.score]).toEqual([
          best?.supplier_id ?? null,
          best?.score.toFixed(2) ?? null,
        ]);
        for (const { supplier_id } of offers) {
          const { trend, change_percent } = await get(`/price-trend/${product_id}/${supplier_id}`);
          expect({ trend, change_percent }).toEqual(oracle.trend(product_id, supplier_id));
        }
      }
      expect((await get("/price-alerts?limit=200")).items.map((alert: Alert) => alert.id)).toEqual(oracle.alerts());
    }),
    { numRuns: 12 },
  );
}, 120_000);

test("any interleaving of different keys, in any batches, leaves the same rows", async () => {
  const cases = histories.chain((events) => fc.tuple(fc.constant(events), interleavings(events)));
  await fc.assert(
    fc.asyncProperty(cases, async ([events, batches]) => {
      await bench.empty();
      await bench.apply(...events.map((event) => [event]));
      const live = await bench.derivedRows();
      await bench.empty();
      await bench.apply(...batches);
      expect(await bench.derivedRows()).toEqual(live);
    }),
    { numRuns: 12 },
  );
}, 120_000);
