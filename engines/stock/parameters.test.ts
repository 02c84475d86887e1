import { afterAll, beforeAll, beforeEach, expect, test } from "bun:test";
import { EngineBench, OTHER_TENANT } from "../../test/engines/engine-bench.ts";
import { History, id } from "../../test/engines/history.ts";
import engine from "./engine.ts";

let bench: EngineBench;
beforeAll(async () => {
  bench = await EngineBench.open(engine);
}, 60_000);
beforeEach(() => bench.reset());
afterAll(() => bench.close());

const product = id("product", 1);

test("a maximum gives an excess alert on the first day", async () => {
  const history = new History().product(product).level(product, "0.000", "100.000");
  history.sale(id("order", 1), [{ product_id: product, quantity: "5.000" }]).level(product, "100.000", "95.000");
  await bench.apply(history.events);
  expect((await bench.request("GET", "/alerts")).body.items).toEqual([]);

  const put = await bench.request("PUT", `/parameters/${product}`, { maximum: "50" });
  expect(put.status).toBe(200);
  expect(put.body).toMatchObject({ product_id: product, minimum: null, maximum: "50.000", window_days: null });

  const { body } = await bench.request("GET", "/alerts");
  expect(body.items).toEqual([
    expect.objectContaining({
      kind: "excess",
      risk: null,
      status: "active",
      level: "95.000",
      maximum: "50.000",
      days_to_rupture: null,
    }),
  ]);
  expect(body.items[0].explanation).toContain("95 UN");
  expect(body.items[0].explanation).toContain("50 UN");
});

test("what is set is given back, and a second PUT replaces it", async () => {
  await bench.apply(new History().product(product).events);
  const all = { minimum: 3, maximum: "7.5", lead_time_days: 10, safety_stock_percent: 12.5, window_days: 30 };
  expect((await bench.request("PUT", `/parameters/${product}`, all)).status).toBe(200);
  const shown = {
    minimum: "3.000",
    maximum: "7.500",
    lead_time_days: 10,
    safety_stock_percent: "12.50",
    window_days: 30,
  };
  expect((await bench.request("GET", `/parameters/${product}`)).body).toMatchObject(shown);
  await bench.request("PUT", `/parameters/${product}`, { minimum: "0" });
  expect((await bench.request("GET", `/parameters/${product}`)).body).toMatchObject({
    minimum: "0.000",
    maximum: null,
  });
});

test.each([
  [{ minimum: "10", maximum: "9.999" }, "/maximum"],
  [{ minimum: "-1" }, "/minimum"],
  [{ minimum: "1.0001" }, "/minimum"],
  [{ maximum: 1e21 }, "/maximum"],
  [{ maximum: "1e3" }, "/maximum"],
  [{ maximum: "" }, "/maximum"],
  [{ safety_stock_percent: "500.01" }, "/safety_stock_percent"],
  [{ window_days: 366 }, "/window_days"],
  [{ lead_time_days: 0 }, "/lead_time_days"],
])("%j is refused", async (body, path) => {
  await bench.apply(new History().product(product).events);
  const answer = await bench.request("PUT", `/parameters/${product}`, body);
  expect(answer.status).toBe(422);
  expect(answer.body.errors[0].path).toBe(path);
});

test("an unknown field is refused, an unknown product and another shop's are not found", async () => {
  await bench.apply(new History(OTHER_TENANT).product(product).events);
  expect((await bench.request("PUT", `/parameters/${product}`, { maximum: "1" })).status).toBe(404);
  expect((await bench.request("GET", `/parameters/${product}`)).status).toBe(404);
  bench.shop.tenant_id = OTHER_TENANT;
  expect((await bench.request("PUT", `/parameters/${product}`, { most: "1" })).status).toBe(422);
  expect((await bench.request("GET", `/parameters/${product}`)).status).toBe(200);
});
