import { afterAll, beforeAll, expect, test } from "bun:test";
import type { EventEnvelope } from "@basecommerce/engine";
import { type TestedEngine, testEngine } from "@basecommerce/engine/testing";
import fc from "fast-check";
import { id } from "../../test/engines/history.ts";
import { interleavings } from "../../test/engines/shuffle.ts";
import type { DeliveryConfig } from "./config.ts";
import engine from "./engine.ts";
import { Oracle } from "./oracle.ts";
import { DAY, Orders, type Step } from "./orders.ts";

const ZONES = { saopaulo: "America/Sao_Paulo", auckland: "Pacific/Auckland" } as const;
const CONFIG = { max_stops: 2, cost_per_stop: "7.35" };
const ORDERS = 12;

let tested: TestedEngine<DeliveryConfig, Record<never, never>>;
beforeAll(async () => {
  const shops = Object.entries(ZONES).map(([slug, time_zone]) => [slug, { time_zone, config: CONFIG }]);
  tested = await testEngine(engine, { tenants: Object.fromEntries(shops) });
}, 60_000);
afterAll(() => tested.close());

const FIRST = Date.parse("2026-03-01T00:00:00Z");
const instant = (minutes: number) => `${new Date(FIRST + minutes * 60_000 + 123).toISOString().slice(0, 23)}000Z`;

/** Orders as they go: made, put off, prepared, sent, ended; each some minutes after the one before. */
const histories = fc
  .array(
    fc.record({
      number: fc.nat({ max: ORDERS - 1 }),
      move: fc.constantFrom("prepare", "prepare", "prepare", "on", "on", "cancel", "reschedule"),
      minutes: fc.nat({ max: 300 }),
      postal_code: fc.constantFrom("13010-300", "13010200", "13010-1", " 13083-000 ", "", null),
      day: fc.constantFrom(DAY, DAY, DAY, "2026-03-03", null),
    }),
    { minLength: 20, maxLength: 60, size: "max" },
  )
  .map((moves) => {
    const orders = new Orders();
    const status = new Map<number, Step>();
    const left = new Set<number>();
    let clock = 0;
    for (const { number, move, minutes, postal_code, day } of moves) {
      clock += minutes;
      const at = instant(clock);
      const before = status.get(number);
      const onward = { pending: "preparing", preparing: "out_for_delivery", out_for_delivery: "delivered" } as const;
      if (before === undefined) {
        orders.order(number, postal_code, at, day);
        status.set(number, "pending");
      } else if (before === "delivered" || before === "cancelled") {
        // It is over.
      } else if (move === "reschedule") {
        if (before === "pending") orders.rescheduled(number, day, at);
      } else if (move !== "prepare" || before === "pending") {
        const next = move === "cancel" ? "cancelled" : onward[before];
        orders.step(number, before, next, at);
        status.set(number, next);
        if (next === "out_for_delivery") left.add(number);
      }
    }
    return { events: orders.events, left: [...left] };
  });

const cases = histories.chain(({ events, left }) => {
  const half = Math.ceil(events.length / 2);
  return fc.record({
    events: fc.constant(events),
    half: fc.constant(half),
    earlier: interleavings(events.slice(0, half)),
    later: interleavings(events.slice(half)),
    troubled: fc.subarray(left.map((number) => id("order", number))),
    tenant: fc.constantFrom(...(Object.keys(ZONES) as (keyof typeof ZONES)[])),
    days: fc.tuple(fc.nat({ max: 4 }), fc.nat({ max: 4 })),
  });
});

interface Route {
  region: string;
  number: number;
  stops: { order_id: string }[];
}

test("routes and figures are what the whole history gives, in any order of keys and any batches, also after a replay", async () => {
  await fc.assert(
    fc.asyncProperty(cases, async ({ events, half, earlier, later, troubled, tenant, days: [start, length] }) => {
      await tested.clear();
      const fed = (batches: EventEnvelope[][]) =>
        batches.map((batch) =>
          batch.map(({ event_type, payload, key, occurred_at }) => {
            if (typeof payload !== "object" || payload === null) throw new TypeError("an event without a payload");
            return { stream: "construction" as string, event_type, payload, key, occurred_at, tenant };
          }),
        );
      const shape = (routes: Route[]) =>
        routes.map((one) => [one.region, one.number, one.stops.map(({ order_id }) => order_id)]);
      const plan = async () =>
        shape(
          (await tested.request<{ routes: Route[] }>("POST", "/plan-routes", { date: DAY }, { tenant })).body.routes,
        );
      const shown = async () =>
        shape(
          (await tested.request<{ items: Route[] }>("GET", `/routes?date=${DAY}`, undefined, { tenant })).body.items,
        );
      const oracle = new Oracle(events);
      await tested.feed(fed(earlier));
      expect(await plan()).toEqual(oracle.plan(DAY, CONFIG.max_stops, half));
      await tested.feed(fed(later));
      expect(await shown()).toEqual(oracle.routes(DAY, events.length));
      const planned = await plan();
      expect(planned).toEqual(oracle.plan(DAY, CONFIG.max_stops, events.length));

      for (const order of troubled) {
        const trouble = { kind: "other", description: "x" };
        const path = `/deliveries/${order}/occurrences`;
        expect((await tested.request("POST", path, trouble, { tenant })).status).toBe(201);
      }
      const first = FIRST / 86_400_000 + start - 1;
      const day = (days: number) => new Date(days * 86_400_000).toISOString().slice(0, 10);
      const figures = async () => {
        const query = `from=${day(first)}&to=${day(first + length)}`;
        return (await tested.request("GET", `/performance?${query}`, undefined, { tenant })).body;
      };
      const expected = oracle.performance(first, first + length, ZONES[tenant], new Set(troubled), 735);
      expect(await figures()).toMatchObject(expected);

      await tested.replay();
      expect(await figures()).toMatchObject(expected);
      expect(await plan()).toEqual(planned);
    }),
    { numRuns: 20 },
  );
}, 120_000);
