import { afterAll, beforeAll, beforeEach, expect, test } from "bun:test";
import { EngineBench } from "../../test/engines/engine-bench.ts";
import { daysAgo, History, id } from "../../test/engines/history.ts";
import engine from "./engine.ts";

let bench: EngineBench;
beforeAll(async () => {
  bench = await EngineBench.open(engine);
}, 60_000);
beforeEach(() => bench.reset());
afterAll(() => bench.close());

const cement = id("product", 1);

/** Ten sacks sold each day for ten days; 30 left: three days, where seven days and a fifth are wanted. */
function running(): History {
  const history = new History().product(cement, daysAgo(20), { name: "Cimento", unit: "SC" });
  history.level(cement, "0.000", "200.000", daysAgo(20));
  for (let day = 1; day <= 10; day++) {
    history.sale(id("order", day), [{ product_id: cement, quantity: "10.000", total_value: "350.00" }], daysAgo(day));
  }
  return history.level(cement, "200.000", "30.000");
}

const list = async (query = "") => (await bench.request("GET", `/alerts${query}`)).body.items;

test("an alert says how soon and why, in the shop's language", async () => {
  await bench.apply(running().events);
  bench.shop.locale = "pt-BR";
  const [alert] = await list("?kind=rupture&risk=high&status=active");
  // 100 sacks in 20 days: 5 a day.
  expect(alert).toMatchObject({
    average_daily_demand: "5.000",
    minimum: "42.000",
    maximum: "70.000",
    level: "30.000",
    days_to_rupture: 6,
    explanation:
      "Cimento: restam 30 SC, abaixo do mínimo de 42 SC. Vendem-se em média 5 SC por dia; acaba em 6 dia(s).",
  });
  expect(await list("?kind=excess&status=active")).toEqual([]);
  expect(await list("?risk=medium")).toEqual([]);
  expect(await list(`?product_id=${id("product", 2)}`)).toEqual([]);
});

test("acknowledged, resolved by a delivery, and active again under the same id when the cause is back", async () => {
  const history = running();
  await bench.apply(history.events);
  const [alert] = await list("?kind=rupture");
  const acknowledged = await bench.request("POST", `/alerts/${alert.id}/acknowledge`);
  expect(acknowledged).toMatchObject({ status: 200, body: { id: alert.id, status: "acknowledged" } });
  expect(await list("?kind=rupture&status=active")).toEqual([]);
  expect(await list("?kind=rupture&status=acknowledged")).toHaveLength(1);

  await bench.apply(history.level(cement, "30.000", "60.000").events.slice(-1));
  expect(await list("?kind=rupture&status=resolved")).toEqual([
    expect.objectContaining({ id: alert.id, risk: null, since: null, explanation: expect.stringContaining("60 SC") }),
  ]);
  expect((await bench.request("POST", `/alerts/${alert.id}/acknowledge`)).status).toBe(409);

  await bench.apply(history.level(cement, "60.000", "20.000").events.slice(-1));
  expect(await list("?kind=rupture")).toEqual([expect.objectContaining({ id: alert.id, status: "active" })]);
});

test("two movements at a time, of which the later one began first, do not make an alert forget what was said to it", async () => {
  const history = running();
  await bench.apply(history.level(cement, "30.000", "60.000").events);
  const [first, second] = [daysAgo(0, -20_000), daysAgo(0, -10_000)];
  history.level(cement, "60.000", "90.000", second).level(cement, "90.000", "30.000", first);
  await bench.apply(history.events.slice(-2));
  const [alert] = await list("?kind=rupture");
  expect(alert).toMatchObject({ status: "active", level: "30.000" });
  expect((await bench.request("POST", `/alerts/${alert.id}/acknowledge`)).status).toBe(200);
  expect(await list("?kind=rupture")).toMatchObject([{ id: alert.id, status: "acknowledged" }]);
});

test("an alert whose demand is over does not speak of bounds", async () => {
  const history = new History().product(cement, daysAgo(120), { name: "Cimento", unit: "SC" });
  history.level(cement, "0.000", "20.000", daysAgo(110));
  history.sale(id("order", 1), [{ product_id: cement, quantity: "900.000" }], daysAgo(95));
  await bench.apply(history.events);
  expect(await list("?kind=rupture")).toMatchObject([
    { status: "resolved", explanation: "Cimento: 20 SC in stock; nothing was sold in the period." },
  ]);
});

test("what has no unit is bought in whole pieces, as it is written", async () => {
  const history = new History().level(cement, "0.000", "1.000", daysAgo(20));
  for (let day = 1; day <= 7; day++)
    history.sale(id("order", day), [{ product_id: cement, quantity: "1.500" }], daysAgo(day));
  await bench.apply(history.events);
  const [suggestion] = (await bench.request("GET", "/suggestions")).body.items;
  expect(suggestion.quantity).toMatch(/^\d+\.000$/);
  expect(Number(suggestion.maximum) % 1).toBeGreaterThan(0);
});

test("a product that is no longer sold warns nobody", async () => {
  const history = running();
  const facts = { code: null, name: "Cimento", category: null, unit: "SC", active: false, user_id: null } as const;
  await bench.apply(history.add("product_updated", cement, { product_id: cement, ...facts }).events);
  expect(await list()).toEqual([]);
  expect((await bench.request("GET", "/suggestions")).body.items).toEqual([]);
});

test("a suggestion is accepted or rejected once for each time it is needed", async () => {
  const history = running();
  await bench.apply(history.events);
  const suggestions = async () => (await bench.request("GET", "/suggestions?priority=high")).body.items;
  const [suggestion] = await suggestions();
  expect(suggestion).toMatchObject({ quantity: "40.000", status: "pending", class: "A", priority: "high" });
  expect(suggestion.explanation).toStartWith("Cimento: buy 40 SC to reach the maximum of 70 SC.");
  const step = async (name: string) => (await bench.request("POST", `/suggestions/${suggestion.id}/${name}`)).status;
  expect(await step("accept")).toBe(200);
  expect(await step("accept")).toBe(200);
  expect(await step("reject")).toBe(409);
  expect(await step("forget")).toBe(422);
  expect(await suggestions()).toEqual([expect.objectContaining({ id: suggestion.id, status: "accepted" })]);

  await bench.apply(history.level(cement, "30.000", "70.000").level(cement, "70.000", "5.000").events.slice(-2));
  expect(await suggestions()).toEqual([
    expect.objectContaining({ id: suggestion.id, status: "pending", quantity: "65.000" }),
  ]);
  expect((await bench.request("POST", `/suggestions/${id("nothing", 1)}/accept`)).status).toBe(404);
});

test("what people said outlives a replay", async () => {
  const { events } = running();
  await bench.apply(events);
  const [alert] = await list("?kind=rupture");
  await bench.request("POST", `/alerts/${alert.id}/acknowledge`);
  const before = await list();
  await bench.empty();
  await bench.apply(events);
  expect(await list()).toEqual(before);
});

test("pages hold every product once, whatever their size", async () => {
  const history = new History();
  for (let number = 1; number <= 7; number++) history.product(id("product", number));
  await bench.apply(history.events);
  const seen: string[] = [];
  let cursor: string | null = "";
  while (cursor !== null) {
    const query: string = cursor === "" ? "" : `&cursor=${cursor}`;
    const { body } = await bench.request("GET", `/abc-analysis?limit=3${query}`);
    expect(body.items.length).toBeLessThanOrEqual(3);
    seen.push(...body.items.map((row: { product_id: string }) => row.product_id));
    cursor = body.next_cursor;
  }
  expect(seen).toEqual(Array.from({ length: 7 }, (_, index) => id("product", index + 1)).sort());
  for (const wrong of ["?cursor=x", "?limit=0", "?limit=201", "?colour=red"]) {
    expect((await bench.request("GET", `/abc-analysis${wrong}`)).status).toBe(422);
  }
});
