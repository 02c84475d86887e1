import { afterAll, beforeAll, beforeEach, expect, test } from "bun:test";
import { EngineBench, OTHER_TENANT, TENANT } from "../../test/engines/engine-bench.ts";
import { daysAgo, History, id } from "../../test/engines/history.ts";
import { localDay, startOfDay } from "../../test/engines/local-day.ts";
import engine from "./engine.ts";

const ZONE = "America/Sao_Paulo";

let bench: EngineBench;
beforeAll(async () => {
  bench = await EngineBench.open(engine);
}, 60_000);
beforeEach(() => bench.reset());
afterAll(() => bench.close());

type Row = Record<string, string | number | null>;
const list = async (path: string): Promise<Row[]> => (await bench.request("GET", path)).body.items;
const inEffect = async (product_id: string) => (await bench.request("GET", `/parameters/${product_id}`)).body.in_effect;

/** `ms` after the beginning of the shop's day `days` before today. */
function localTime(days: number, ms = 0, zone = ZONE): string {
  const start = Date.parse(startOfDay(localDay(daysAgo(0), zone) - days, zone));
  return `${new Date(start + ms).toISOString().slice(0, 23)}000Z`;
}

const products = Array.from({ length: 12 }, (_, place) => id("product", place)).sort();
let orders = 0;

const UNITS = ["UN", "SC", "CX", "KG", "M", "M2", "M3", "L"] as const;
type Unit = (typeof UNITS)[number];

/** Ten a day, a long-known product: minimum 84, maximum 140. */
function selling(history: History, product_id: string, level: string, unit: Unit = "UN", sold = "900.000"): History {
  history.product(product_id, daysAgo(200), { unit }).level(product_id, "0.000", level, daysAgo(100));
  return history.sale(id("order", orders++), [{ product_id, quantity: sold }], localTime(1));
}

test("a risk is high up to 7 days and medium up to 14, in whole days", async () => {
  const cases = [
    ["-15.000", 0, "high"],
    ["0.000", 0, "high"],
    ["79.999", 7, "high"],
    ["80.000", 8, "medium"],
    ["149.999", 14, "medium"],
    ["150.000", 15, "low"],
  ] as const;
  const history = new History();
  for (const [place, [level]] of cases.entries()) selling(history, products[place] ?? "", level);
  await bench.apply(history.events);
  await bench.configure({ lead_time_days: 100 });
  const shown = await list("/alerts");
  const found = cases.map((_, place) => shown.find(({ product_id }) => product_id === products[place]));
  expect(found.map((row) => [row?.level, row?.days_to_rupture, row?.risk])).toEqual(cases.map((one) => [...one]));
  for (const risk of ["high", "medium", "low"]) {
    expect(await list(`/alerts?risk=${risk}`)).toEqual(shown.filter((alert) => alert.risk === risk));
  }
});

test("what runs out soonest is first, however many digits its days have", async () => {
  const history = new History();
  const [first = "", second = ""] = products;
  for (const [product_id, level] of [
    [first, "10000.000"],
    [second, "2000.000"],
  ] as const) {
    history.product(product_id, localTime(1)).level(product_id, "0.000", level, localTime(1));
    history.sale(id("order", orders++), [{ product_id, quantity: "0.001" }], localTime(1));
  }
  await bench.apply(history.events);
  for (const product_id of [first, second]) await bench.request("PUT", `/parameters/${product_id}`, { minimum: 99999 });
  expect((await list("/alerts")).map(({ days_to_rupture }) => days_to_rupture)).toEqual([2_000_000, 10_000_000]);
});

test("at the minimum and at the maximum nothing is wrong, a thousandth beyond there is", async () => {
  const cases = [
    ["83.999", "rupture"],
    ["84.000", undefined],
    ["140.000", undefined],
    ["140.001", "excess"],
  ] as const;
  const history = new History();
  for (const [place, [level]] of cases.entries()) selling(history, products[place] ?? "", level);
  await bench.apply(history.events);
  const shown = await list("/alerts");
  const kinds = cases.map((_, place) => shown.find(({ product_id }) => product_id === products[place])?.kind);
  expect(kinds).toEqual(cases.map(([, kind]) => kind));
  expect((await list("/suggestions")).map(({ product_id }) => product_id)).toEqual([products[0] ?? ""]);
});

test("pieces, sacks and boxes are bought whole, the rest to the gram", async () => {
  const history = new History();
  // 100 in 90 days: maximum 15.556.
  for (const [place, unit] of UNITS.entries()) selling(history, products[place] ?? "", "0.500", unit, "100.000");
  const exact = products[8] ?? "";
  selling(history, exact, "0.556", "SC", "100.000");
  await bench.apply(history.events);
  const shown = new Map((await list("/suggestions")).map(({ product_id, quantity }) => [product_id, quantity]));
  const quantities = UNITS.map((_, place) => shown.get(products[place] ?? ""));
  expect(quantities).toEqual([...Array(3).fill("16.000"), ...Array(5).fill("15.056")]);
  expect(shown.get(exact)).toBe("15.000");
});

test("the window begins and ends with the shop's days, also one of more than 120 days", async () => {
  for (const zone of [ZONE, "Pacific/Auckland"]) {
    await bench.empty(true);
    bench.shop.time_zone = zone;
    const history = new History();
    const windows = [1, 30, 121, 365];
    for (const [place, window_days] of windows.entries()) {
      const product_id = products[place] ?? "";
      history.product(product_id, localTime(window_days + 10, 0, zone));
      for (const [quantity, at] of [
        ["5.000", localTime(window_days, -1, zone)],
        [`${window_days}.000`, localTime(window_days, 0, zone)],
        [`${2 * window_days}.000`, localTime(0, -1, zone)],
        ["7.000", localTime(0, 0, zone)],
      ] as const) {
        history.sale(id("order", orders++), [{ product_id, quantity }], at);
      }
    }
    await bench.apply(history.events);
    for (const [place, window_days] of windows.entries()) {
      const product_id = products[place] ?? "";
      await bench.configure({ window_days });
      expect(await inEffect(product_id)).toMatchObject({ average_daily_demand: "3.000" });
      await bench.configure({ window_days: 60 });
      const put = await bench.request("PUT", `/parameters/${product_id}`, { window_days });
      expect(put.body.in_effect).toMatchObject({ average_daily_demand: "3.000" });
    }
    await bench.configure({});
  }
});

test("demand of what is younger than the window is divided by its days, of which today is none", async () => {
  const cases = [
    [1, "90.000"],
    [2, "45.000"],
    [89, "1.011"],
    [90, "1.000"],
    [91, "1.000"],
  ] as const;
  const history = new History();
  for (const [place, [age]] of cases.entries()) {
    const product_id = products[place] ?? "";
    history.product(product_id, localTime(age, 3_600_000));
    history.sale(id("order", orders++), [{ product_id, quantity: "90.000" }], localTime(0, -1));
  }
  const today = products[6] ?? "";
  history.product(today, localTime(0)).sale(id("order", orders++), [{ product_id: today, quantity: "90.000" }]);
  await bench.apply(history.events);
  const averages = await Promise.all(cases.map((_, place) => inEffect(products[place] ?? "")));
  expect(averages.map((one) => one.average_daily_demand)).toEqual(cases.map(([, average]) => average));
  expect(await inEffect(today)).toMatchObject({ average_daily_demand: "0.000", days_to_rupture: null });
});

test("each parameter of a product counts instead of the shop's, and the maximum is never under the minimum", async () => {
  const [product = "", other = ""] = products;
  const history = new History();
  await bench.apply(selling(selling(history, product, "100.000"), other, "100.000").events);
  for (const [set, minimum, maximum] of [
    [{}, "84.000", "140.000"],
    [{ safety_stock_percent: 0 }, "70.000", "140.000"],
    [{ safety_stock_percent: "12.5" }, "78.750", "140.000"],
    [{ safety_stock_percent: 100 }, "140.000", "140.000"],
    [{ safety_stock_percent: "100.01" }, "140.007", "140.007"],
    [{ lead_time_days: 1 }, "12.000", "20.000"],
    [{ lead_time_days: 365, safety_stock_percent: 500 }, "21900.000", "21900.000"],
    [{ window_days: 30 }, "252.000", "420.000"],
    [{ minimum: 150 }, "150.000", "150.000"],
    [{ maximum: "83.999" }, "84.000", "84.000"],
    [{ minimum: 5, maximum: 5 }, "5.000", "5.000"],
    [{ minimum: 0, maximum: 0 }, "0.000", "0.000"],
  ] as const) {
    const put = await bench.request("PUT", `/parameters/${product}`, set);
    expect(put).toMatchObject({ status: 200, body: { in_effect: { minimum, maximum } } });
  }
  expect(await inEffect(other)).toMatchObject({ minimum: "84.000", maximum: "140.000" });
});

test("without demand nothing runs out, and there is too much only above a maximum that was set", async () => {
  const [short = "", full = "", free = ""] = products;
  const history = new History();
  for (const product_id of [short, full, free]) {
    history.product(product_id, daysAgo(200)).level(product_id, "0.000", "50.000", daysAgo(100));
  }
  await bench.apply(history.events);
  expect((await bench.request("PUT", `/parameters/${short}`, { minimum: 60 })).status).toBe(200);
  const { body } = await bench.request("PUT", `/parameters/${full}`, { maximum: "49.999" });
  expect(body.in_effect).toMatchObject({ average_daily_demand: "0.000", minimum: "0.000", days_to_rupture: null });
  expect(await list("/alerts")).toMatchObject([
    { product_id: full, kind: "excess", days_to_rupture: null, risk: null },
  ]);
  expect(await list("/suggestions")).toEqual([]);
  await bench.request("PUT", `/parameters/${full}`, { maximum: 50 });
  expect(await list("/alerts?status=active")).toEqual([]);
});

test("alerts begin and are over by the mere passing of days", async () => {
  const [begun = "", over = ""] = products;
  const history = new History();
  for (const [product_id, days] of [
    [begun, 1],
    [over, 91],
  ] as const) {
    history.product(product_id, daysAgo(200)).level(product_id, "0.000", "20.000", daysAgo(150));
    history.sale(id("order", orders++), [{ product_id, quantity: "900.000" }], localTime(days, 3_600_000));
  }
  await bench.apply(history.events);
  const instant = (text: unknown) => Date.parse(String(text));
  const midnight = instant(localTime(0));
  const [first, second, ...rest] = await list("/alerts?kind=rupture");
  expect(rest).toEqual([]);
  expect(first).toMatchObject({ product_id: begun, status: "active", resolved_at: null });
  expect(second).toMatchObject({ product_id: over, status: "resolved", since: null, risk: null });
  expect([instant(first?.since), instant(second?.resolved_at)]).toEqual([midnight, midnight]);
});

test("another shop's sales, levels and parameters of the same product count for nothing", async () => {
  const [product = ""] = products;
  const theirs = selling(new History(OTHER_TENANT), product, "10.000");
  await bench.apply([...theirs.events, ...selling(new History(), product, "100.000", "UN", "90.000").events]);
  bench.shop.tenant_id = OTHER_TENANT;
  await bench.request("PUT", `/parameters/${product}`, { minimum: 99 });
  const [their] = await list("/alerts");
  bench.shop.tenant_id = TENANT;
  expect(await inEffect(product)).toMatchObject({ level: "100.000", average_daily_demand: "1.000", minimum: "8.400" });
  expect(await list("/alerts")).toMatchObject([{ kind: "excess" }]);
  expect((await bench.request("POST", `/alerts/${their?.id}/acknowledge`)).status).toBe(404);
});
