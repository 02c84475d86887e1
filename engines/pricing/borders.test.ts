import { afterAll, beforeAll, beforeEach, describe, expect, test } from "bun:test";
import { EngineBench } from "../../test/engines/engine-bench.ts";
import { daysAgo, id } from "../../test/engines/history.ts";
import { localDay } from "../../test/engines/local-day.ts";
import engine from "./engine.ts";
import { first, Market, sand, second } from "./market.ts";

let bench: EngineBench;
beforeAll(async () => {
  bench = await EngineBench.open(engine);
}, 60_000);
beforeEach(() => bench.reset());
afterAll(() => bench.close());

const get = async (path: string) => (await bench.request("GET", path)).body;
type Item = Record<string, string | null>;

/** Hours that the clocks of these places, which never change them, are ahead of UTC. */
const ZONES = { "America/Sao_Paulo": -3, "Pacific/Kiritimati": 14 } as const;

/** The first instant of the local day `days` before today's, moved by some milliseconds. */
function dawn(zone: keyof typeof ZONES, days: number, shift_ms = 0): string {
  const day = localDay(daysAgo(0), zone) - days;
  return `${new Date(day * 86_400_000 - ZONES[zone] * 3_600_000 + shift_ms).toISOString().slice(0, 23)}000Z`;
}

describe.each(Object.keys(ZONES) as (keyof typeof ZONES)[])("the window in %s", (zone) => {
  test.each([
    ["a price of the first moment of the day that is window_days ago counts", 0, "20.00", 2],
    ["one of a moment before is of the past", -1, "10.00", 1],
  ])("%s", async (_, shift_ms, mean, prices) => {
    bench.shop.time_zone = zone;
    await bench.configure({ window_days: 30 });
    const market = new Market().product(sand, daysAgo(300));
    market.price(sand, first, "30.00", dawn(zone, 30, shift_ms)).price(sand, first, "10.00", dawn(zone, 1));
    await bench.apply(market.events);
    const [offer] = (await get(`/compare/${sand}`)).items;
    expect(offer).toMatchObject({ price: "10.00", mean, prices, stability: prices === 2 ? "unstable" : null });
    const trend = await get(`/price-trend/${sand}/${first}`);
    expect(trend).toMatchObject({ prices, trend: prices === 2 ? "falling" : null });
  });
});

test("a current price counts however old it is; a trend it is none", async () => {
  const market = new Market().product(sand, daysAgo(300)).price(sand, first, "10.00", daysAgo(250));
  await bench.apply(market.events);
  expect((await get(`/compare/${sand}`)).items).toEqual([
    expect.objectContaining({ price: "10.00", mean: "10.00", prices: 1, stability: null }),
  ]);
  expect(await get(`/price-trend/${sand}/${first}`)).toMatchObject({ trend: null, change_percent: null, prices: 0 });
});

test.each([
  ["90.00 110.00", "stable"],
  ["89.99 110.00", "unstable"],
  ["0.00 0.00", "stable"],
  ["0.09 0.11", "stable"],
  ["100.00", null],
])("prices of %s are %s: a coefficient of 0.10 is still stable", async (prices, stability) => {
  const market = new Market().product(sand, daysAgo(30));
  for (const [place, price] of prices.split(" ").entries()) market.price(sand, first, price, daysAgo(9 - place));
  await bench.apply(market.events);
  expect((await get(`/compare/${sand}`)).items[0].stability).toBe(stability);
});

test.each([
  [100, first, "19.00"],
  [0, second, "20.00"],
  // 30 % of 19.00 and 70 % of 21.00 against 20.00.
  [30, second, "20.00"],
  [50, first, "20.00"],
  [62.5, first, "19.75"],
])("with a current weight of %d the suggestion is by that score", async (current_weight, supplier_id, score) => {
  await bench.configure({ current_weight });
  const market = new Market().product(sand, daysAgo(30));
  market.price(sand, first, "23.00", daysAgo(9)).price(sand, first, "19.00", daysAgo(1));
  market.price(sand, second, "20.00", daysAgo(1));
  await bench.apply(market.events);
  // Where both come to the same, the lower price is it.
  expect(await get(`/suggest/${sand}`)).toMatchObject({ supplier_id, score });
});

test.each([
  ["100.00 110.00", 10, ["increase 10.00"]],
  ["100.00 109.99", 10, []],
  ["100.00 90.00", 10, ["decrease -10.00"]],
  ["100.00 90.01", 10, []],
  ["0.30 0.33", 10, ["increase 10.00"]],
  ["80.00 90.00", 12.5, ["increase 12.50"]],
  ["80.00 89.99", 12.5, []],
  ["0.00 0.01", 1000, ["increase null"]],
  ["0.00 0.00", 10, []],
  ["10.00 10.00 10.01", 0, ["increase 0.10"]],
  // Each against the one before, not against the first.
  ["100.00 109.00 118.00", 10, []],
])("prices of %s with a threshold of %d alert as %p", async (prices, variation_threshold, expected) => {
  await bench.configure({ variation_threshold });
  const market = new Market().product(sand, daysAgo(30));
  for (const [place, price] of prices.split(" ").entries()) market.price(sand, first, price, daysAgo(9 - place));
  // Another supplier's price is no previous one.
  market.price(sand, second, "500.00");
  await bench.apply(market.events);
  const { items } = await get("/price-alerts");
  expect(items.map(({ kind, variation_percent }: Item) => `${kind} ${variation_percent}`)).toEqual(expected);
});

test.each([
  ["100.00 102.00", "steady", "2.00"],
  ["100.00 102.01", "rising", "2.01"],
  ["100.00 98.00", "steady", "-2.00"],
  ["100.00 97.99", "falling", "-2.01"],
  ["0.00 0.00", "steady", null],
  ["0.00 1.00", "rising", null],
])("prices of %s are %s", async (prices, trend, change_percent) => {
  const market = new Market().product(sand, daysAgo(30));
  for (const [place, price] of prices.split(" ").entries()) market.price(sand, first, price, daysAgo(9 - place));
  await bench.apply(market.events);
  expect(await get(`/price-trend/${sand}/${first}`)).toMatchObject({ trend, change_percent });
});

test("two prices of one instant are no trend", async () => {
  const at = daysAgo(3);
  const market = new Market().product(sand, daysAgo(30)).price(sand, first, "1.00", at).price(sand, first, "2.00", at);
  await bench.apply(market.events);
  const trend = await get(`/price-trend/${sand}/${first}`);
  expect(trend).toMatchObject({ trend: null, change_percent: null, prices: 2 });
  expect(trend.explanation).toContain("there is no trend");
});

test("of the smallest minimum quantity the latest price is the current one; no minimum is smaller than any", async () => {
  const market = new Market().product(sand, daysAgo(30));
  market.price(sand, first, "9.00", daysAgo(8), "5.000").price(sand, first, "8.00", daysAgo(7), "50.000");
  market.price(sand, first, "9.50", daysAgo(6), "5.000").price(sand, first, "7.00", daysAgo(5), "50.000");
  await bench.apply(market.events);
  const offer = async () => (await get(`/compare/${sand}`)).items[0];
  expect(await offer()).toMatchObject({ price: "9.50", min_quantity: "5.000", mean: "9.25", prices: 2 });
  // Of one instant the one that was recorded last.
  const at = daysAgo(1);
  market.price(sand, first, "11.00", at).price(sand, first, "12.00", at, "0.000");
  await bench.apply(market.events.slice(-2));
  expect(await offer()).toMatchObject({ price: "12.00", min_quantity: null, mean: "11.50", prices: 2 });
});

test("suppliers and products that were switched off are suggested again when they are back", async () => {
  const market = new Market().product(sand).price(sand, first, "10.00").price(sand, second, "20.00");
  await bench.apply(market.events);
  const then = async (change: () => Market) => {
    await bench.apply(change().events.slice(-1));
    const { supplier_id } = await get(`/suggest/${sand}`);
    return [supplier_id, (await get(`/base-cost/${sand}`)).suppliers, (await get(`/compare/${sand}`)).items.length];
  };
  expect(await then(() => market.supplier(first, false))).toEqual([second, 1, 1]);
  // A price of one that is off does not bring it back.
  expect(await then(() => market.price(sand, first, "1.00"))).toEqual([second, 1, 1]);
  expect(await then(() => market.supplier(second, false))).toEqual([null, 0, 0]);
  expect(await then(() => market.supplier(first, true))).toEqual([first, 1, 1]);
  expect(await then(() => market.switched(sand, false))).toEqual([null, 0, 0]);
  expect(await then(() => market.switched(sand, true))).toEqual([first, 1, 1]);
});

test("a product nobody gave a price for is told so, in every answer", async () => {
  const market = new Market().product(sand, daysAgo(1), { name: "Sand" });
  await bench.apply(market.events);
  const explanation = "Sand: no active supplier gave a price.";
  expect(await get(`/compare/${sand}`)).toEqual({ items: [], next_cursor: null });
  expect(await get(`/suggest/${sand}`)).toMatchObject({ supplier_id: null, price: null, score: null, explanation });
  const base = { supplier_id: null, base_cost: null, mean_of_current: null, suppliers: 0, explanation };
  expect(await get(`/base-cost/${sand}`)).toMatchObject(base);
  expect(await get("/price-alerts")).toEqual({ items: [], next_cursor: null });
  expect((await bench.request("GET", `/price-trend/${sand}/${id("supplier", 9)}`)).status).toBe(404);
});
