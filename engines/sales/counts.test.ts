import { afterAll, beforeAll, expect, test } from "bun:test";
import fc from "fast-check";
import { EngineBench } from "../../test/engines/engine-bench.ts";
import { daysAgo, History, id } from "../../test/engines/history.ts";
import { interleavings } from "../../test/engines/shuffle.ts";
import type { SalesEvent } from "./batch.ts";
import engine from "./engine.ts";
import { Oracle } from "./oracle.ts";

let bench: EngineBench;
beforeAll(async () => {
  bench = await EngineBench.open(engine);
}, 60_000);
afterAll(() => bench.close());

const PRODUCTS = [1, 2, 3, 4, 5, 6].map((number) => id("product", number));
const CUSTOMERS = [1, 2, 3].map((number) => id("customer", number));
const CONFIG = { min_frequency: 20, min_baskets: 3, window_days: 90, limit: 5 };
const CATEGORIES = ["cimento", "cimento", "cimento", "cimento", "tijolo", null];

const basket = fc.record({
  // Few products and customers, so that they meet; more often the first ones, and often one alone: instead of another.
  products: fc.oneof(
    fc.array(fc.oneof(fc.nat({ max: 2 }), fc.nat({ max: 5 })), { minLength: 1, maxLength: 4 }),
    fc.tuple(fc.nat({ max: 3 })),
  ),
  customer: fc.nat({ max: 2 }),
  days: fc.oneof({ weight: 5, arbitrary: fc.nat({ max: 80 }) }, fc.constantFrom(88, 89, 90, 400)),
  shift_ms: fc.nat({ max: 86_000_000 }),
});

const histories = fc
  .record({
    baskets: fc.array(basket, { minLength: 3, maxLength: 30 }),
    // 10.00 to 8.00 and 12.00 is a fifth exactly; one cent more is too much.
    prices: fc.array(fc.constantFrom(799, 800, 1000, 1000, 1100, 1200, 1201), { minLength: 6, maxLength: 6 }),
    inactive: fc.option(fc.nat({ max: 5 })),
  })
  .map(({ baskets, prices, inactive }) => {
    const history = new History();
    for (const [place, product_id] of PRODUCTS.entries()) {
      const category = CATEGORIES[place] ?? null;
      history.product(product_id, daysAgo(500), { category });
      const new_price = ((prices[place] ?? 0) / 100).toFixed(2);
      const change = { product_id, old_price: "10.00", new_price, user_id: null };
      history.add("product_price_updated", product_id, change, daysAgo(450));
    }
    // One that is to be forgotten, and one by which it is.
    const ends = [400, 0].map((days) => ({ products: [0], customer: 0, days, shift_ms: 80_000_000 }));
    const times = [...baskets, ...ends].map((one) => ({ ...one, at: daysAgo(one.days + 1, one.shift_ms) }));
    times.sort((a, b) => (a.at < b.at ? -1 : 1));
    for (const [place, one] of times.entries()) {
      const items = one.products.map((product) => ({ product_id: PRODUCTS[product] ?? "", quantity: "1.000" }));
      history.sale(id("order", place), items, one.at, CUSTOMERS[one.customer]);
    }
    if (inactive !== null) {
      const product_id = PRODUCTS[inactive] ?? "";
      const facts = {
        code: null,
        name: "off",
        category: CATEGORIES[inactive] ?? null,
        unit: "UN",
        active: false,
      } as const;
      history.add("product_updated", product_id, { product_id, ...facts, user_id: null });
    }
    return history.events;
  });

type Row = Record<string, unknown>;
const list = async (path: string): Promise<Row[]> => (await bench.request("GET", path)).body.items;

/** A list page by page, `limit` at a time. */
async function pages(path: string, limit: number): Promise<Row[]> {
  const rows: Row[] = [];
  let next = "";
  do {
    const { items, next_cursor } = (await bench.request("GET", `${path}?limit=${limit}${next}`)).body;
    rows.push(...items);
    next = next_cursor === null ? "" : `&cursor=${next_cursor}`;
  } while (next !== "");
  return rows;
}

test("frequencies, bundles, patterns and substitutes are those of the brute-force count", async () => {
  await fc.assert(
    fc.asyncProperty(histories, fc.constantFrom("America/Sao_Paulo", "Asia/Kolkata"), async (events, time_zone) => {
      await bench.empty();
      bench.shop.time_zone = time_zone;
      await bench.apply(events);
      const oracle = new Oracle(events as SalesEvent[], CONFIG, time_zone, daysAgo(0));
      const shown = (rows: Row[]) =>
        rows.map((row) => [row.product_id, row.because_of, row.source, row.baskets, row.of, row.frequency]);
      for (const product of PRODUCTS.slice(0, 3)) {
        expect<unknown>(shown(await list(`/complementary/${product}?limit=200`))).toEqual(
          oracle.evidence([product], null, PRODUCTS),
        );
        const substitutes = (await list(`/substitutes/${product}?limit=200`)).map((row) => [
          row.product_id,
          row.difference_percent,
          row.customers,
          row.switched,
        ]);
        expect<unknown>(substitutes).toEqual(oracle.substitutes(product, PRODUCTS));
      }
      const cart = PRODUCTS.slice(0, 2);
      const [customer_id = ""] = CUSTOMERS;
      const body = { items: cart.map((product_id) => ({ product_id })), customer_id };
      const suggested = (await bench.request("POST", "/suggestions", body)).body.items;
      expect<unknown>(shown(suggested)).toEqual(oracle.evidence(cart, customer_id, PRODUCTS).slice(0, 5));
      const sets = (rows: Row[]) =>
        rows.map((row) => [row.customer_id ?? null, row.product_ids, row.baskets, row.of, row.share]);
      // Small pages, too: what is too rare for one is left out early.
      for (const limit of [200, 4]) {
        expect<unknown>(sets(await pages("/bundles", limit))).toEqual(oracle.sets(PRODUCTS, 3, [null]));
      }
      for (const limit of [200, 9]) {
        expect<unknown>(sets(await pages("/patterns", limit))).toEqual(oracle.sets(PRODUCTS, 2, CUSTOMERS));
      }
      expect<unknown>(sets(await list(`/patterns?limit=200&customer_id=${customer_id}`))).toEqual(
        oracle.sets(PRODUCTS, 2, [customer_id]),
      );
    }),
    { numRuns: 15 },
  );
}, 120_000);

test("any interleaving of different keys, in any batches, leaves the same rows, the forgotten ones gone", async () => {
  const cases = histories.chain((events) => fc.tuple(fc.constant(events), interleavings(events)));
  await fc.assert(
    fc.asyncProperty(cases, async ([events, batches]) => {
      await bench.empty();
      await bench.apply(...events.map((event) => [event]));
      const live = await bench.derivedRows();
      await bench.empty();
      await bench.apply(...batches);
      expect(await bench.derivedRows()).toEqual(live);
      const [old] = await bench.query("select 1 from baskets where delivered_at < now() - interval '370 days'");
      expect(old).toBeUndefined();
    }),
    { numRuns: 8 },
  );
}, 120_000);
