import { afterAll, beforeAll, expect, test } from "bun:test";
import fc from "fast-check";
import { EngineBench } from "../../test/engines/engine-bench.ts";
import { daysAgo } from "../../test/engines/history.ts";
import { interleavings } from "../../test/engines/shuffle.ts";
import type { PricingEvent } from "./apply.ts";
import engine from "./engine.ts";
import { brick, first, Market, SUPPLIERS, sand } from "./market.ts";
import { Oracle } from "./oracle.ts";

let bench: EngineBench;
beforeAll(async () => {
  bench = await EngineBench.open(engine);
}, 60_000);
afterAll(() => bench.close());

const configs = fc.record({
  variation_threshold: fc.constantFrom(0, 10, 12.5),
  window_days: fc.constantFrom(30, 90),
  current_weight: fc.constantFrom(0, 33.3, 70, 100),
});
type Alert = Record<string, string | null>;

const get = async (path: string) => (await bench.request("GET", path)).body;

const happening = fc.record({
  supplier: fc.nat({ max: 2 }),
  product: fc.nat({ max: 1 }),
  cents: fc.oneof(fc.integer({ min: 900, max: 1100 }), fc.nat({ max: 5000 })),
  tier: fc.constantFrom(null, null, "10.000"),
  switches: fc.integer({ min: 0, max: 15 }),
  days: fc.oneof(fc.nat({ max: 60 }), fc.constantFrom(29, 30, 31, 89, 90, 91), fc.nat({ max: 200 })),
  shift_ms: fc.nat({ max: 86_000_000 }),
});

const histories = fc.array(happening, { minLength: 1, maxLength: 25 }).map((happenings) => {
  const market = new Market().product(sand, daysAgo(300)).product(brick, daysAgo(300));
  const times = happenings.map((one) => ({ ...one, at: daysAgo(one.days + 1, one.shift_ms) }));
  for (const one of times.sort((a, b) => (a.at < b.at ? -1 : 1))) {
    const supplier_id = SUPPLIERS[one.supplier] ?? first;
    const product_id = one.product === 0 ? sand : brick;
    if (one.switches < 2) market.supplier(supplier_id, one.switches === 0, one.at);
    else if (one.switches < 4) market.switched(product_id, one.switches === 2, one.at);
    else market.price(product_id, supplier_id, (one.cents / 100).toFixed(2), one.at, one.tier);
  }
  return market.events;
});

test("offers, alerts and trends are those of the slow computation", async () => {
  await fc.assert(
    fc.asyncProperty(
      histories,
      fc.constantFrom("America/Sao_Paulo", "Asia/Kolkata"),
      configs,
      async (events, time_zone, config) => {
        await bench.empty(true);
        await bench.configure(config);
        bench.shop.time_zone = time_zone;
        await bench.apply(events);
        const oracle = new Oracle(events as PricingEvent[], config, time_zone, daysAgo(0));
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
      },
    ),
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
