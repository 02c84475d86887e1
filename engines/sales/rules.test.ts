import { afterAll, beforeAll, beforeEach, expect, test } from "bun:test";
import { EngineBench, OTHER_TENANT } from "../../test/engines/engine-bench.ts";
import { daysAgo, History, id } from "../../test/engines/history.ts";
import { localDay, startOfDay } from "../../test/engines/local-day.ts";
import engine from "./engine.ts";

let bench: EngineBench;
beforeAll(async () => {
  bench = await EngineBench.open(engine);
}, 60_000);
beforeEach(() => bench.reset());
afterAll(() => bench.close());

const products = Array.from({ length: 8 }, (_, place) => id("product", place)).sort();
const [first = "", second = "", third = "", fourth = ""] = products;
const customer = (number: number) => id("customer", number);
const OFF = { code: null, name: "Off", category: null, unit: "UN", active: false, user_id: null } as const;

class Orders extends History {
  #orders = 0;

  known(...more: { category?: string; base_price?: string }[]): this {
    for (const [place, product_id] of products.entries()) this.product(product_id, daysAgo(400), more[place]);
    return this;
  }

  /** So many orders of these products. */
  order(count: number, held: string[], number = 0, at = daysAgo(1)): this {
    const items = held.map((product_id) => ({ product_id, quantity: "1.000" }));
    for (let order = 0; order < count; order++) this.sale(id("order", this.#orders++), items, at, customer(number));
    return this;
  }
}

interface Row {
  product_id: string;
  because_of: string;
  source: string;
  baskets: number;
  of: number;
  frequency: string;
  priority: string;
  difference_percent: string;
  customers: number;
  switched: number;
}

const complementary = async (product_id: string): Promise<Row[]> =>
  (await bench.request("GET", `/complementary/${product_id}`)).body.items;
const substitutes = async (product_id: string): Promise<Row[]> =>
  (await bench.request("GET", `/substitutes/${product_id}`)).body.items;
const suggested = async (cart: string[], customer_id?: string): Promise<Row[]> => {
  const items = cart.map((product_id) => ({ product_id }));
  return (await bench.request("POST", "/suggestions", { items, customer_id })).body.items;
};

test("a product says nothing in two orders and something in three", async () => {
  await bench.apply(new Orders().known().order(2, [first, second]).events);
  expect(await complementary(first)).toEqual([]);
  expect(await suggested([first])).toEqual([]);
  await bench.empty();
  await bench.apply(new Orders().known().order(2, [first, second]).order(1, [first]).events);
  // What counts is how often the one was bought, not how often both were.
  expect(await complementary(first)).toMatchObject([{ product_id: second, baskets: 2, of: 3, frequency: "66.67" }]);
  expect(await complementary(second)).toEqual([]);
});

test.each([
  [20, 1, 5, "low"],
  [20, 1, 6, undefined],
  [33.33, 1, 3, "low"],
  [33.34, 1, 3, undefined],
  [0, 1, 9, "low"],
  [100, 5, 5, "high"],
  [100, 4, 5, undefined],
  [20, 39, 100, "low"],
  [20, 2, 5, "medium"],
  [20, 69, 100, "medium"],
  [20, 7, 10, "high"],
])("from %p %% on, %p of %p orders are of priority %p", async (min_frequency, both, all, priority) => {
  await bench.configure({ min_frequency });
  const history = new Orders().known().order(both, [first, second]);
  await bench.apply(history.order(all - both, [first]).events);
  expect((await complementary(first)).map((row) => row.priority)).toEqual(priority === undefined ? [] : [priority]);
});

test("the window begins with the shop's day and holds today", async () => {
  for (const zone of ["America/Sao_Paulo", "Asia/Kathmandu"]) {
    await bench.empty();
    bench.shop.time_zone = zone;
    const start = (days: number, ms: number) => {
      const midnight = Date.parse(startOfDay(localDay(daysAgo(0), zone) - days, zone));
      return `${new Date(midnight + ms).toISOString().slice(0, 23)}000Z`;
    };
    const history = new Orders().known();
    for (const window_days of [365, 121, 90, 1]) {
      history.order(1, [first, second], 0, start(window_days, -1)).order(1, [first, second], 0, start(window_days, 0));
    }
    await bench.apply(history.order(1, [first, second]).order(1, [first, second], 0, start(0, -1)).events);
    for (const [window_days, of] of [
      [1, 3],
      [90, 5],
      [121, 7],
      [365, 9],
    ] as const) {
      await bench.configure({ window_days, min_baskets: 1 });
      expect(await complementary(first)).toMatchObject([{ product_id: second, of, baskets: of }]);
      expect((await bench.request("GET", "/bundles")).body.items).toMatchObject([{ of }]);
    }
  }
});

test("what is in the cart or no longer sold is not suggested, the rest is once, for its best reason", async () => {
  const history = new Orders().known();
  history.order(3, [first, second, third, fourth]).order(1, [first, third]).order(2, [second, fourth]);
  await bench.apply(history.events);
  expect((await suggested([first])).map((row) => row.product_id)).toEqual([third, second, fourth]);
  // Fourth: 3 of 4 with first, 5 of 5 with second. The same product twice in a cart is one.
  expect(await suggested([first, second.toUpperCase(), first])).toMatchObject([
    { product_id: fourth, because_of: second, baskets: 5, of: 5 },
    { product_id: third, because_of: first, baskets: 4, of: 4 },
  ]);
  history.add("product_updated", fourth, { product_id: fourth, ...OFF });
  await bench.apply(history.events.slice(-1));
  expect((await suggested([first, second])).map((row) => row.product_id)).toEqual([third]);
  expect((await complementary(second)).map((row) => row.product_id)).toEqual([first, third]);
  // It may still be in a cart, and says what goes with it.
  expect(await suggested([fourth])).not.toEqual([]);
  expect(await suggested([id("unknown", 1)])).toEqual([]);
});

test("a customer's own habit takes two orders, and counts before the shop's only when it is the better reason", async () => {
  const history = new Orders().known();
  history.order(4, [first, second], 1).order(1, [first], 1);
  history.order(2, [first, third], 2).order(1, [first, fourth], 3).order(1, [first], 3);
  history.order(2, [first, second], 4).order(5, [first], 4);
  await bench.apply(history.events);
  await bench.configure({ min_frequency: 10 });
  const shown = async (number?: number) =>
    (await suggested([first], number === undefined ? undefined : customer(number))).map((row) => [
      ...[row.product_id, row.source, row.baskets, row.of, row.frequency],
    ]);
  const shop = [
    [second, "shop", 6, 16, "37.50"],
    [third, "shop", 2, 16, "12.50"],
  ];
  expect(await shown()).toEqual(shop);
  expect(await shown(2)).toEqual([[third, "customer", 2, 2, "100.00"], shop[0]] as typeof shop);
  expect(await shown(1)).toEqual([[second, "customer", 4, 5, "80.00"], shop[1]] as typeof shop);
  // Half of this one's orders, but one order is no habit.
  expect(await shown(3)).toEqual(shop);
  // 2 of 7 is less than the shop's.
  expect(await shown(4)).toEqual(shop);
  expect(await shown(9)).toEqual(shop);
});

test("a substitute costs up to a fifth less or more, is of the same category and still sold", async () => {
  const facts = (base_price: string, category = "cimento") => ({ base_price, category });
  const history = new Orders().known(
    ...[facts("30.00"), facts("24.00"), facts("23.99"), facts("36.00"), facts("36.01")],
    ...[facts("30.00", "tijolo"), facts("30.00"), facts("30.00")],
  );
  const gone = products[6] ?? "";
  history.add("product_updated", gone, { product_id: gone, ...OFF, category: "cimento" });
  // The last is of the same kind and price, and nobody buys it.
  for (const product_id of products.slice(1, 7)) history.order(1, [product_id]);
  await bench.apply(history.events);
  const shown = (await substitutes(first)).map((row) => [row.product_id, row.difference_percent]);
  expect(shown).toEqual([
    [second, "-20.00"],
    [fourth, "20.00"],
  ]);
  // Seen from the cheaper one a fifth is less.
  expect((await substitutes(second)).map((row) => row.product_id)).toEqual([third]);
});

test("substitutes: once in one basket is with and not instead; who switched comes first, then how many, then the price", async () => {
  const facts = (base_price: string) => ({ base_price, category: "cimento" });
  const history = new Orders().known(...["30.00", "33.00", "31.00", "29.00", "30.00", "34.00", "31.00"].map(facts));
  const [, , , , fifth = "", sixth = "", seventh = ""] = products;
  history.order(1, [first], 1);
  history.order(2, [fifth], 2).order(1, [fifth, first], 3);
  history.order(3, [second], 1);
  history.order(1, [third], 2).order(1, [third], 3).order(5, [fourth], 2);
  history.order(1, [sixth, fourth], 4).order(1, [seventh], 5);
  await bench.apply(history.events);
  expect((await substitutes(first)).map((row) => [row.product_id, row.customers, row.switched])).toEqual([
    [third, 2, 1],
    [second, 1, 1],
    [fourth, 2, 0],
    [seventh, 1, 0],
    [sixth, 1, 0],
  ]);
});

test("another shop's orders of the same products and customers prove nothing", async () => {
  const facts = { base_price: "30.00", category: "cimento" };
  const theirs = new Orders(OTHER_TENANT).known(facts, facts).order(5, [first, second]).order(5, [third]);
  const ours = new Orders().known(facts, {}, facts, facts).order(3, [first, fourth]).order(1, [third]);
  await bench.apply([...theirs.events, ...ours.events]);
  expect(await complementary(first)).toMatchObject([{ product_id: fourth, baskets: 3, of: 3 }]);
  expect(await complementary(second)).toEqual([]);
  expect(await suggested([first], customer(0))).toMatchObject([{ product_id: fourth, baskets: 3, of: 3 }]);
  expect(await substitutes(first)).toMatchObject([{ product_id: third, customers: 1 }]);
});
