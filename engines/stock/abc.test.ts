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

interface Row {
  product_id: string;
  value: string;
  share: string;
  cumulated_share: string;
  class: string;
  rank: number;
  priority: string;
}

const products = Array.from({ length: 6 }, (_, place) => id("product", place)).sort();
let orders = 0;

/** Products sold for these values yesterday, each known long enough and run out; null = not sold. */
function sold(values: readonly (string | null)[]): History {
  const history = new History();
  for (const [place, value] of values.entries()) {
    const product_id = products[place] ?? "";
    history.product(product_id, daysAgo(200));
    if (value === null) continue;
    history.sale(id("order", orders++), [{ product_id, quantity: "5.000", total_value: value }], daysAgo(1));
  }
  return history;
}

const list = async (path: string): Promise<Row[]> => (await bench.request("GET", path)).body.items;

test.each([
  ["a share of exactly 80 % and of exactly 95 % before it is over the border", ["80.00", "15.00", "5.00"], "ABC"],
  ["a hundredth less before it is not", ["79.99", "15.00", "5.01"], "AAB"],
  ["what brings in everything is A", ["0.01"], "A"],
  ["a border inside of a product is that product's own", ["50.00", "49.00", "1.00"], "AAC"],
  ["what was sold for nothing is C like what was not sold", ["10.00", "0.00", null], "ACC"],
  ["nothing sold at all is C", [null, null], "CC"],
])("%s", async (_, values, classes) => {
  await bench.apply(sold(values).events);
  const rows = await list("/abc-analysis");
  expect(rows.map((row) => row.class).join("")).toBe(classes);
  expect(rows.map((row) => row.product_id)).toEqual(products.slice(0, values.length));
  expect(rows.map((row) => row.rank)).toEqual(values.map((_, place) => place + 1));
});

test("what sold the same is ordered by id, on both sides of a border", async () => {
  const fifth = Array(5).fill("20.00");
  const history = sold([]);
  // In the opposite order of the ids.
  for (const [place, value] of [...fifth.entries()].reverse()) {
    const product_id = products[place] ?? "";
    history
      .product(product_id)
      .sale(id("order", orders++), [{ product_id, quantity: "1.000", total_value: value }], daysAgo(1));
  }
  await bench.apply(history.events);
  const rows = await list("/abc-analysis");
  expect(rows.map((row) => [row.product_id, row.class, row.cumulated_share])).toEqual(
    ["A", "A", "A", "A", "B"].map((letter, place) => [products[place] ?? "", letter, `${20 * (place + 1)}.00`]),
  );
});

test("the class decides how urgent a purchase is, and A comes first", async () => {
  await bench.apply(sold(["80.00", "15.00", "5.00"]).events);
  const shown = await list("/suggestions");
  const urgency = (row: Row) => [row.product_id, row.class, row.priority];
  const [a, b, c] = products;
  expect(shown.map(urgency)).toEqual([
    [a ?? "", "A", "high"],
    [b ?? "", "B", "medium"],
    [c ?? "", "C", "low"],
  ]);
  for (const [place, priority] of ["high", "medium", "low"].entries()) {
    expect(await list(`/suggestions?priority=${priority}`)).toEqual(shown.slice(place, place + 1));
  }
  expect(await list(`/suggestions?product_id=${(b ?? "").toUpperCase()}`)).toEqual(shown.slice(1, 2));
});

test("today's sales count from tomorrow on; what is no longer offered counts as long as its sales do", async () => {
  const history = sold(["10.00", "20.00"]);
  const [first = "", second = "", third = ""] = products;
  history.sale(id("order", orders++), [{ product_id: first, quantity: "1.000", total_value: "90.00" }]);
  const facts = { code: null, name: "Off", category: null, unit: "UN", active: false, user_id: null } as const;
  history.add("product_updated", second, { product_id: second, ...facts });
  history.product(third).add("product_updated", third, { product_id: third, ...facts });
  await bench.apply(history.events);
  expect((await list("/abc-analysis")).map((row) => [row.product_id, row.value, row.share])).toEqual([
    [second, "20.00", "66.67"],
    [first, "10.00", "33.33"],
  ]);
});
