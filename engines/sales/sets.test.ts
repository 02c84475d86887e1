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

interface Set {
  product_ids: string[];
  customer_id: string | null;
  names: (string | null)[];
  baskets: number;
  of: number;
  share: string;
}

const products = Array.from({ length: 40 }, (_, place) => id("product", place)).sort();
const held = (...places: number[]) =>
  places.map((place) => ({ product_id: products[place] ?? "", quantity: "1.000", total_value: "10.00" }));

class Orders extends History {
  #orders = 0;

  order(places: number[], customer = 0, at = daysAgo(1)): this {
    return this.sale(id("order", this.#orders++), held(...places), at, id("customer", customer));
  }
}

const ask = async (path: string): Promise<Set[]> => (await bench.request("GET", path)).body.items;

async function pages(path: string, limit: number): Promise<Set[]> {
  const rows: Set[] = [];
  let next = "";
  do {
    const { items, next_cursor } = (await bench.request("GET", `${path}?limit=${limit}${next}`)).body;
    expect(items.length).toBeLessThanOrEqual(limit);
    rows.push(...items);
    next = next_cursor === null ? "" : `&cursor=${next_cursor}`;
  } while (next !== "");
  return rows;
}

test("a page of any size holds what it would hold in the whole list", async () => {
  const history = new Orders();
  // The first product is in every order and each later one in fewer: sets of 9, 6, 4 and 2 baskets.
  for (let order = 0; order < 9; order++) {
    const last = Math.max(1, 4 - Math.floor(order / 2));
    history.order(Array.from({ length: last + 1 }, (_, place) => place));
  }
  await bench.apply(history.events);
  const counts = [9, ...Array(3).fill(6), ...Array(6).fill(4), ...Array(10).fill(2)];
  for (const [path, least] of [
    ["/bundles", 3],
    ["/patterns", 2],
  ] as const) {
    const whole = await ask(`${path}?limit=200`);
    expect(whole.map(({ baskets }) => baskets)).toEqual(counts.filter((count) => count >= least));
    for (const limit of [1, 2, 3, 7]) expect(await pages(path, limit)).toEqual(whole);
  }
});

test("what is bought together is found among products that are each bought by themselves more often", async () => {
  const history = new Orders();
  for (let place = 0; place < 38; place++) for (let order = 0; order < 4; order++) history.order([place]);
  for (let order = 0; order < 3; order++) history.order([38, 39]);
  await bench.apply(history.events);
  expect(await ask("/bundles?limit=1")).toMatchObject([{ product_ids: products.slice(38), baskets: 3, of: 155 }]);
});

test("a bundle is in min_baskets orders, a pattern in two of one customer, neither in fewer", async () => {
  const history = new Orders();
  for (const customer of [1, 2, 3]) history.order([0, 1, 2], customer);
  history.order([3, 4], 1).order([3, 4], 1).order([5, 6], 2).order([5, 6], 3);
  await bench.apply(history.events);
  const shown = (sets: Set[]) => sets.map(({ product_ids, baskets, of, share }) => [product_ids, baskets, of, share]);
  const [a = "", b = "", c = "", d = "", e = ""] = products;
  const three = [
    [a, b],
    [a, b, c],
    [a, c],
    [b, c],
  ].map((ids) => [ids, 3, 7, "42.86"]);
  expect(shown(await ask("/bundles"))).toEqual(three);
  expect(shown(await ask("/patterns"))).toEqual([[[d, e], 2, 3, "66.67"]]);
  expect(await ask(`/patterns?customer_id=${id("customer", 2)}`)).toEqual([]);
  await bench.configure({ min_baskets: 4 });
  expect(await ask("/bundles")).toEqual([]);
  await bench.configure({ min_baskets: 2 });
  expect(await ask("/bundles?limit=50")).toHaveLength(6);
});

test("what is no longer sold is in no set, what has no name yet is", async () => {
  const history = new Orders();
  const [first = "", second = ""] = products;
  history.product(first, daysAgo(9), { name: "Cimento" }).product(second, daysAgo(9), { name: "Areia" });
  for (let order = 0; order < 3; order++) history.order([0, 1, 2]);
  const facts = { code: null, name: "Areia", category: null, unit: "UN", active: false, user_id: null } as const;
  history.add("product_updated", second, { product_id: second, ...facts });
  await bench.apply(history.events);
  const rest = [products[0], products[2]];
  expect(await ask("/bundles")).toMatchObject([{ product_ids: rest, names: ["Cimento", null], baskets: 3, of: 3 }]);
  expect(await ask("/patterns")).toMatchObject([{ product_ids: rest, names: ["Cimento", null] }]);

  const again = { product_id: second, ...facts, active: true };
  await bench.apply(history.add("product_updated", second, again).events.slice(-1));
  expect(await ask("/bundles")).toHaveLength(4);
});

test("another shop's orders are in no count, also of the same products and customers", async () => {
  const theirs = new Orders(OTHER_TENANT);
  for (let order = 0; order < 9; order++) theirs.order([0, 1]);
  const ours = new Orders().order([0, 1]).order([0, 1]).order([2, 3]).order([2, 3]).order([2, 3]);
  // In one batch, with equal order ids.
  await bench.apply([...theirs.events, ...ours.events]);
  expect(await ask("/bundles")).toMatchObject([{ product_ids: products.slice(2, 4), baskets: 3, of: 5 }]);
  expect(await ask("/patterns")).toMatchObject([
    { baskets: 3, of: 5 },
    { baskets: 2, of: 5 },
  ]);
});
