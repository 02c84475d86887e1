import { afterAll, beforeAll, expect, test } from "bun:test";
import type { EventEnvelope } from "@basecommerce/engine";
import fc from "fast-check";
import { EngineBench, TENANT } from "../../test/engines/engine-bench.ts";
import { daysAgo, History, id } from "../../test/engines/history.ts";
import { interleavings } from "../../test/engines/shuffle.ts";
import type { StockEvent } from "./batch.ts";
import engine from "./engine.ts";
import { Oracle, type Setting } from "./oracle.ts";

let bench: EngineBench;
beforeAll(async () => {
  bench = await EngineBench.open(engine);
}, 60_000);
afterAll(() => bench.close());

const PRODUCTS = [1, 2, 3].map((number) => id("product", number));
const CONFIG = { lead_time_days: 7, safety_stock_percent: 20, window_days: 90 };
const quantity = (thousandths: number) => (thousandths / 1000).toFixed(3);

const happening = fc.record({
  product: fc.nat({ max: PRODUCTS.length - 1 }),
  other: fc.nat({ max: PRODUCTS.length - 1 }),
  sale: fc.boolean(),
  quantity: fc.integer({ min: 1, max: 60_000 }),
  // Most within the days that matter, some on the edges of the window, some forgotten altogether.
  days: fc.oneof({ weight: 4, arbitrary: fc.nat({ max: 40 }) }, fc.constantFrom(89, 90, 91), fc.nat({ max: 420 })),
  shift_ms: fc.nat({ max: 86_399_000 }),
});

const histories = fc.array(happening, { minLength: 1, maxLength: 40 }).map((happenings) => {
  const history = new History();
  const levels = new Map<string, string>();
  const times = happenings.map((one) => ({ ...one, at: daysAgo(one.days + 1, one.shift_ms) }));
  times.sort((a, b) => (a.at < b.at ? -1 : 1));
  const first = times[0]?.at ?? daysAgo(1);
  for (const [index, product_id] of PRODUCTS.entries()) {
    history.product(product_id, first, { unit: index === 0 ? "KG" : "SC" });
  }
  for (const [index, one] of times.entries()) {
    const product_id = PRODUCTS[one.product] ?? "";
    if (one.sale) {
      const other = PRODUCTS[one.other] ?? "";
      history.sale(
        id("order", index),
        [product_id, other].map((sold) => ({
          product_id: sold,
          quantity: quantity(one.quantity),
          total_value: (one.quantity / 100).toFixed(2),
        })),
        one.at,
      );
    } else {
      const next = quantity((one.quantity - 20_000) * 20);
      history.level(product_id, levels.get(product_id) ?? "0.000", next, one.at);
      levels.set(product_id, next);
    }
  }
  return history.events;
});

const settings = fc.option(
  fc
    .record({
      minimum: fc.option(fc.nat({ max: 90_000 })),
      maximum: fc.option(fc.nat({ max: 90_000 })),
      lead_time_days: fc.option(fc.integer({ min: 1, max: 20 })),
      safety_stock_percent: fc.option(fc.constantFrom(0, 12.5, 100, 499.99, 500)),
      window_days: fc.option(fc.integer({ min: 1, max: 365 })),
      days: fc.nat({ max: 60 }),
    })
    .map(
      ({ minimum, maximum, days, ...rest }): Setting => ({
        ...rest,
        minimum: minimum === null ? null : quantity(minimum),
        maximum: maximum === null ? null : quantity(maximum + (minimum ?? 0)),
        updated_at: daysAgo(days, -1),
      }),
    ),
);

const zones = fc.constantFrom("America/Sao_Paulo", "America/New_York", "Asia/Kathmandu", "Pacific/Auckland", "UTC");

async function enter(set: Setting | null): Promise<Map<string, Setting>> {
  const [product_id = ""] = PRODUCTS;
  if (!set) return new Map();
  await bench.query(
    `insert into parameters (tenant_id, product_id, minimum, maximum, lead_time_days, safety_stock_percent, window_days,
       updated_at)
     values ($1, $2, $3, $4, $5, $6, $7, $8)`,
    [
      ...[TENANT, product_id, set.minimum, set.maximum, set.lead_time_days, set.safety_stock_percent],
      ...[set.window_days, set.updated_at],
    ],
  );
  return new Map([[product_id, set]]);
}

test("bounds, alerts and their occurrences, quantities and classes are those of the slow computation", async () => {
  await fc.assert(
    fc.asyncProperty(histories, settings, zones, async (events, set, time_zone) => {
      await bench.empty(true);
      bench.shop.time_zone = time_zone;
      const entered = await enter(set);
      await bench.apply(events);
      const now = daysAgo(0);
      const oracle = new Oracle(events as StockEvent[], time_zone, CONFIG, entered, now);
      const alerts = (await bench.request("GET", "/alerts?limit=200")).body.items;
      const suggestions = (await bench.request("GET", "/suggestions?limit=200")).body.items;
      for (const product_id of PRODUCTS) {
        const shown = (await bench.request("GET", `/parameters/${product_id}`)).body.in_effect;
        const level = oracle.level(product_id);
        const { sold, days, minimum, maximum } = oracle.bounds(product_id, oracle.today);
        const left = sold.isZero() ? null : level.lte(0) ? 0 : level.times(days).div(sold).floor().toNumber();
        const figures = {
          level: level.toFixed(3),
          average_daily_demand: sold.div(days).toFixed(3),
          minimum: minimum.toFixed(3),
          maximum: maximum.toFixed(3),
          days_to_rupture: left,
        };
        expect(shown).toEqual(figures);
        for (const kind of ["rupture", "excess"] as const) {
          const alert = alerts.find((one: Row) => one.product_id === product_id && one.kind === kind);
          const episode = oracle.episode(product_id, kind);
          // Of all products at once, and of one alone.
          if (alert) expect(alert).toMatchObject(figures);
          expect(
            (await bench.request("GET", `/alerts?product_id=${product_id}&kind=${kind}`)).body.items,
          ).toMatchObject(alert ? [{ ...figures, id: alert.id, status: alert.status, risk: alert.risk }] : []);
          const risk = (left ?? 15) > 14 ? "low" : (left ?? 0) > 7 ? "medium" : "high";
          if (alert) expect(alert.risk).toBe(kind === "rupture" && episode?.since ? risk : null);
          // Both clocks said "now" a moment apart.
          const nearly = (one: { since?: string | null; resolved_at?: string | null }) => ({
            since: near(one.since, now),
            resolved_at: near(one.resolved_at, now),
          });
          expect(alert && nearly(alert)).toEqual(episode && nearly(episode));
        }
        const suggestion = suggestions.find((one: Row) => one.product_id === product_id);
        const missing = maximum.minus(level);
        const whole = product_id === PRODUCTS[0] ? missing : missing.ceil();
        expect(suggestion?.quantity).toBe(sold.gt(0) && level.lt(minimum) ? whole.toFixed(3) : undefined);
      }
      const classes = (await bench.request("GET", "/abc-analysis")).body.items;
      expect(classes.map((row: Row) => ({ product_id: row.product_id, class: row.class }))).toEqual(
        oracle.abc(PRODUCTS),
      );
    }),
    { numRuns: 15 },
  );
}, 120_000);

type Row = Record<string, string>;

function near(shown: string | null | undefined, now: string): string | null | undefined {
  return shown && Math.abs(Date.parse(shown) - Date.parse(now)) < 60_000 ? now : shown;
}

test("any interleaving of different keys, in any batches, leaves the same rows", async () => {
  const cases = histories.chain((events: EventEnvelope[]) => fc.tuple(fc.constant(events), interleavings(events)));
  await fc.assert(
    fc.asyncProperty(cases, async ([events, batches]) => {
      await bench.empty();
      await bench.apply(...events.map((event) => [event]));
      const live = await bench.derivedRows();
      await bench.empty();
      await bench.apply(...batches);
      expect(await bench.derivedRows()).toEqual(live);
    }),
    { numRuns: 8 },
  );
}, 120_000);
