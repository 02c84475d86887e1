import { afterAll, beforeAll, beforeEach, expect, test } from "bun:test";
import { EngineBench, OTHER_TENANT } from "../../test/engines/engine-bench.ts";
import { daysAgo, History, id } from "../../test/engines/history.ts";
import engine from "./engine.ts";

let bench: EngineBench;
beforeAll(async () => {
  bench = await EngineBench.open(engine);
}, 60_000);
beforeEach(() => bench.reset());
afterAll(() => bench.close());

const [cement = "", sand = "", brick = ""] = [1, 2, 3].map((number) => id("product", number));

/** Four orders with cement: three with sand too, one with brick. */
function sold(): History {
  const history = new History();
  history.product(cement, daysAgo(9), { name: "Cimento", category: "cimento", base_price: "30.00" });
  history.product(sand, daysAgo(9), { name: "Areia" }).product(brick, daysAgo(9), { name: "Tijolo" });
  for (const [order, others] of [[sand], [sand, sand], [sand, brick], []].entries()) {
    const items = [cement, ...others].map((product_id) => ({ product_id, quantity: "1.000" }));
    history.sale(id("order", order), items, daysAgo(4 - order), id("customer", order % 2));
  }
  return history;
}

test("what goes with a product says how often, in the shop's language", async () => {
  await bench.apply(sold().events);
  bench.shop.locale = "pt-BR";
  const { items } = (await bench.request("GET", `/complementary/${cement}`)).body;
  expect(items).toEqual([
    expect.objectContaining({
      product_id: sand,
      frequency: "75.00",
      priority: "high",
      explanation: "Areia: em 3 de 4 pedidos com Cimento (75,00 %) também foi comprado.",
    }),
    expect.objectContaining({ product_id: brick, frequency: "25.00", priority: "low" }),
  ]);
  // Brick is in one basket only: too few to say anything.
  expect((await bench.request("GET", `/complementary/${brick}`)).body.items).toEqual([]);
  expect((await bench.request("GET", `/complementary/${id("product", 9)}`)).status).toBe(404);
});

test("priorities begin where they are said to, what is under the threshold is not said", async () => {
  const history = new History();
  const others = [1, 2, 3, 4, 5].map((number) => id("product", 10 + number));
  history.product(cement, daysAgo(9));
  for (const product_id of others) history.product(product_id, daysAgo(9));
  for (let order = 0; order < 10; order++) {
    const held = [cement, ...others.filter((_, place) => order < ([7, 4, 3, 2, 1][place] ?? 0))];
    const items = held.map((product_id) => ({ product_id, quantity: "1.000" }));
    history.sale(id("order", order), items, daysAgo(1), id("customer", order));
  }
  await bench.apply(history.events);
  const ask = async () => {
    const { items } = (await bench.request("GET", `/complementary/${cement}`)).body;
    return items.map((one: Record<string, unknown>) => [one.product_id, one.frequency, one.priority]);
  };
  const shown = [
    [others[0], "70.00", "high"],
    [others[1], "40.00", "medium"],
    [others[2], "30.00", "low"],
    [others[3], "20.00", "low"],
  ];
  expect(await ask()).toEqual(shown);
  await bench.configure({ min_frequency: 40 });
  expect(await ask()).toEqual(shown.slice(0, 2));
  await bench.configure({ limit: 1 });
  expect(await ask()).toEqual(shown.slice(0, 1));
  await bench.configure({ min_baskets: 11 });
  expect(await ask()).toEqual([]);
  await bench.configure({ window_days: 1 });
  expect(await ask()).toEqual(shown);
  await bench.configure({});
});

test("what is heard of late does not overwrite what came after it", async () => {
  const history = new History();
  history.product(cement, daysAgo(9), { name: "First", category: "cimento", base_price: "10.00" });
  const facts = {
    product_id: cement,
    code: null,
    category: "cimento",
    unit: "SC",
    active: true,
    user_id: null,
  } as const;
  history.add("product_updated", cement, { ...facts, name: "Second" });
  history.add("product_updated", cement, { ...facts, name: "Third" });
  const price = { product_id: cement, old_price: "10.00", user_id: null };
  history.add("product_price_updated", cement, { ...price, new_price: "20.00" });
  history.add("product_price_updated", cement, { ...price, new_price: "30.00" });
  const [created, second, third, twenty, thirty] = history.events;
  for (const order of [
    [third, thirty, twenty, second, created],
    [thirty, created, third, second, twenty],
  ]) {
    await bench.empty();
    await bench.apply(...order.flatMap((event) => (event ? [[event]] : [])));
    expect(await bench.query("select name, price from products")).toEqual([{ name: "Third", price: "30.00" }]);
  }
});

test("a cart gets nothing it holds already", async () => {
  await bench.apply(sold().events);
  const ask = async (...cart: string[]) => {
    const items = cart.map((product_id) => ({ product_id }));
    return (await bench.request("POST", "/suggestions", { items })).body.items;
  };
  expect((await ask(cement, sand)).map((one: { product_id: string }) => one.product_id)).toEqual([brick]);
  expect(await ask(cement, sand, brick)).toEqual([]);
  expect((await bench.request("POST", "/suggestions", { items: [] })).status).toBe(422);
  expect((await bench.request("POST", "/suggestions", { items: [{ product_id: cement, price: 1 }] })).status).toBe(422);
});

test("bundles and patterns name their products", async () => {
  await bench.apply(sold().events);
  const { items } = (await bench.request("GET", "/bundles")).body;
  expect(items).toEqual([expect.objectContaining({ baskets: 3, of: 4, share: "75.00" })]);
  expect(items[0].explanation).toMatch(/(Cimento and Areia|Areia and Cimento): together in 3 of 4 orders \(75\.00 %\)/);
  const patterns = (await bench.request("GET", `/patterns?customer_id=${id("customer", 0)}`)).body.items;
  expect(patterns).toEqual([expect.objectContaining({ baskets: 2, of: 2, customer_id: id("customer", 0) })]);
});

test("a substitute is of the same kind, costs about the same and was taken instead", async () => {
  const history = sold();
  const [other, dear, together] = [4, 5, 6].map((number) => id("product", number));
  for (const [product_id, base_price] of [
    [other, "36.00"],
    [dear, "36.01"],
    [together, "30.00"],
  ] as const) {
    history.product(product_id ?? "", daysAgo(5), { name: "Outro", category: "cimento", base_price });
  }
  const item = (product_id = "") => ({ product_id, quantity: "1.000" });
  history.sale(id("order", 10), [item(other)], daysAgo(1), id("customer", 0));
  history.sale(id("order", 11), [item(dear)], daysAgo(1), id("customer", 0));
  history.sale(id("order", 12), [item(together), item(cement)], daysAgo(1), id("customer", 0));
  await bench.apply(history.events);
  expect((await bench.request("GET", `/substitutes/${cement}`)).body.items).toEqual([
    expect.objectContaining({ product_id: other, difference_percent: "20.00", customers: 1, switched: 1 }),
  ]);
});

test("another shop's baskets are nobody's business", async () => {
  await bench.apply(sold().events);
  bench.shop.tenant_id = OTHER_TENANT;
  expect((await bench.request("GET", "/bundles")).body.items).toEqual([]);
  expect((await bench.request("GET", `/complementary/${cement}`)).status).toBe(404);
});

test("bundles page without a gap", async () => {
  const history = new History();
  const products = [1, 2, 3, 4].map((number) => id("product", number));
  for (const product_id of products) history.product(product_id, daysAgo(9));
  for (let order = 0; order < 4; order++) {
    const held = order === 3 ? products.slice(0, 2) : products;
    history.sale(
      id("order", order),
      held.map((product_id) => ({ product_id, quantity: "1.000" })),
      daysAgo(1),
    );
  }
  await bench.apply(history.events);
  const all = (await bench.request("GET", "/bundles?limit=200")).body.items;
  expect(all).toHaveLength(10);
  const first = (await bench.request("GET", "/bundles?limit=4")).body;
  const rest = (await bench.request("GET", `/bundles?limit=50&cursor=${first.next_cursor}`)).body;
  expect([...first.items, ...rest.items]).toEqual(all);
  expect(rest.next_cursor).toBeNull();
  expect((await bench.request("GET", "/bundles")).body.items).toHaveLength(5);
});
