import { afterAll, beforeEach, describe, expect, test } from "bun:test";
import { defineEngine, fromEngines } from "@basecommerce/engine";
import { testEngine } from "@basecommerce/engine/testing";
import tally from "./tally.ts";

const engine = await testEngine(tally, {
  tenants: { one: { time_zone: "Europe/Lisbon" }, two: { config: { large_from: 10 } } },
});
afterAll(() => engine.close());
beforeEach(() => engine.clear());

const PRODUCT = "018f0000-0000-7000-8000-0000000000aa";
const order = (number: number) => `018f0000-0000-7000-8000-${String(number).padStart(12, "0")}`;

function sale(number: number, total_value = "20.00") {
  return {
    order_id: order(number),
    quote_id: null,
    customer_id: order(0),
    job_site_id: null,
    delivered_at: "2026-01-31T12:00:00.000000Z",
    total_value,
    items: [{ product_id: PRODUCT, quantity: "2.000", unit_price: "10.00", total_value }],
  };
}

describe("feeding", () => {
  test("an event is written to the ledger and handled before the call returns", async () => {
    const [event] = await engine.feed("construction", "sale_recorded", sale(1));
    expect(event).toMatchObject({ seq: 1, version: 1, key: order(1), tenant_id: engine.tenant("one").tenant_id });
    expect(await engine.query("select product_id, quantity from sold")).toEqual([
      { product_id: PRODUCT, quantity: "2.000" },
    ]);
    expect(await engine.positions()).toEqual([expect.objectContaining({ stream: "construction", position: 1 })]);
  });

  test("several events of several shops come in order, each under its own shop", async () => {
    await engine.feed([
      { stream: "construction", event_type: "sale_recorded", payload: sale(1) },
      { stream: "construction", event_type: "sale_recorded", payload: sale(2), tenant: "two" },
      { stream: "construction", event_type: "sale_recorded", payload: sale(3) },
    ]);
    expect(await engine.query("select quantity from sold", [], { tenant: "one" })).toEqual([{ quantity: "4.000" }]);
    expect(await engine.query("select quantity from sold", [], { tenant: "two" })).toEqual([{ quantity: "2.000" }]);
    expect(await engine.query("select quantity from sold")).toHaveLength(2);
  });

  test("a payload that breaks its contract is refused as a vertical's would be", async () => {
    const broken = { ...sale(1), total_value: "12" };
    await expect(engine.feed("construction", "sale_recorded", broken)).rejects.toThrow(
      "sale_recorded version 1: /total_value",
    );
    await expect(engine.feed("construction", "sale_recorded", sale(1), { tenant: "three" })).rejects.toThrow(
      "no shop three",
    );
  });

  test("an event of a stream that nobody here knows needs a key and moves nothing", async () => {
    const event = { stream: "another", event_type: "thing_happened", payload: {} };
    expect(await engine.feed([{ ...event, key: "a" }])).toMatchObject([{ key: "a", version: 1 }]);
    expect(await engine.positions()).toEqual([]);
  });

  test("batches are handled as they were cut", async () => {
    const sizes: number[] = [];
    const counted = defineEngine({
      name: "counted",
      version: "1.0.0",
      description: "Counts what comes at once",
      from: "beginning",
      subscriptions: {
        construction: {
          event_types: ["sale_recorded"],
          batch: async (events) => {
            sizes.push(events.length);
          },
        },
      },
    });
    await using cut = await testEngine(counted, { tenants: { one: {}, two: {} } });
    const event = (number: number, tenant: string) =>
      ({ stream: "construction", event_type: "sale_recorded", payload: sale(number), tenant }) as const;
    const batches = [[event(1, "one"), event(2, "two")], [event(3, "two")], [], [event(4, "one")]];
    expect(await cut.feed(batches)).toHaveLength(4);
    expect(sizes).toEqual([2, 1, 1]);
  }, 30_000);

  test("a newer version of a contract waits for a newer engine host", async () => {
    const newer = { version: 2, key: order(1), may_fail: true };
    await engine.feed("construction", "sale_recorded", sale(1), newer);
    expect(await engine.parked()).toMatchObject([{ error_code: "version_unknown", attempts: 0 }]);
  });
});

describe("failing", () => {
  test("a handler that throws fails the test, with what it threw as the cause", async () => {
    const failure = await engine
      .feed("construction", "sale_recorded", sale(1, "0.00"))
      .catch((error: unknown) => error);
    expect(failure).toMatchObject({ code: "handler_failed", cause: { message: "a sale of nothing" } });
    expect(String(failure)).toContain("construction.sale_recorded (seq 1): permanent: a sale of nothing");
  });

  test("an event that can never be handled is dead at once", async () => {
    await engine.feed("construction", "sale_recorded", sale(1, "0.00"), { may_fail: true });
    expect(await engine.dead()).toMatchObject([{ seq: 1, error_code: "permanent", attempts: 1 }]);
    expect(await engine.parked()).toEqual([]);
  });

  test("each retry is one attempt, until it works", async () => {
    await engine.feed("construction", "sale_recorded", sale(1, "2.00"), { may_fail: true });
    expect(await engine.parked()).toMatchObject([{ attempts: 1, error_message: "attempt 1" }]);
    await engine.retry();
    expect(await engine.parked()).toMatchObject([{ attempts: 2, error_message: "attempt 2" }]);
    await engine.retry();
    expect(await engine.parked()).toEqual([]);
    expect(await engine.query("select attempt from sold")).toEqual([{ attempt: 3 }]);
  });

  test("what comes later for the same key waits, and has its turn in the round of the one before it", async () => {
    const stuck = { key: "a", may_fail: true };
    await engine.feed("construction", "sale_recorded", sale(1, "2.00"), stuck);
    await engine.feed("construction", "sale_recorded", sale(2), stuck);
    await engine.feed("construction", "sale_recorded", sale(3));
    expect(await engine.parked()).toMatchObject([{ seq: 1 }, { seq: 2, attempts: 0, next_attempt_at: null }]);
    await engine.retry();
    await engine.retry();
    expect(await engine.parked()).toEqual([]);
    expect(await engine.query("select quantity from sold")).toEqual([{ quantity: "6.000" }]);
  });

  test("an event that asks for later does not use up its attempts", async () => {
    await engine.feed("construction", "sale_recorded", sale(1, "1.00"), { may_fail: true });
    for (let round = 0; round < 4; round++) await engine.retry();
    const [event] = await engine.parked();
    expect(event).toMatchObject({ attempts: 0, error_code: "retry_later" });
    const pause = Date.parse(event?.next_attempt_at ?? "") - Date.now();
    expect(pause).toBeGreaterThan(0);
    expect(pause).toBeLessThanOrEqual(60_000);
  });
});

describe("what else an engine does", () => {
  test("what it emits is in its own stream, caused by the event", async () => {
    const [event] = await engine.feed("construction", "sale_recorded", sale(1, "5000.00"));
    const emitted = await engine.emitted("large_sale");
    expect(emitted).toMatchObject([{ stream: "tally", key: order(1), hops: 1, causation_id: event?.event_id }]);
    expect(emitted[0]?.payload.value).toBe("5000.00");
    expect(engine.logs).toContainEqual({ level: "info", msg: "a large sale", order_id: order(1) });
  });

  test("each shop has its configuration, which may change", async () => {
    const sales = (tenant: string) => engine.feed("construction", "sale_recorded", sale(1), { tenant });
    await sales("one");
    await sales("two");
    expect(await engine.emitted()).toMatchObject([{ tenant_id: engine.tenant("two").tenant_id }]);
    await engine.configure({ config: { large_from: 15 } });
    await sales("one");
    expect(await engine.emitted()).toHaveLength(2);
    await engine.configure({ config: {} });
    await sales("one");
    expect(await engine.emitted()).toHaveLength(2);
    await expect(engine.configure({ config: { large_from: "much" as never } })).rejects.toThrow("/config/large_from");
  });

  test("its routes answer for a shop and a person", async () => {
    await engine.feed("construction", "sale_recorded", sale(1));
    const sold = await engine.request<{ items: object[] }>("GET", "/sold");
    expect(sold).toMatchObject({ status: 200, body: { items: [{ product_id: PRODUCT }] } });
    expect(await engine.request("GET", "/sold", undefined, { tenant: "two" })).toMatchObject({ body: { items: [] } });
    const note = { text: "hello" };
    expect(await engine.request("POST", "/notes", note)).toMatchObject({ status: 201, body: note });
    expect(await engine.request("POST", "/notes", note, { user: { role: "seller" } })).toMatchObject({ status: 403 });
    expect(await engine.request("POST", "/notes", { text: "" })).toMatchObject({ status: 422, body: { errors: [{}] } });
    expect(await engine.query("select text from note")).toEqual([{ text: "admin: hello" }]);
  });

  test("an engine that is off for a shop derives all the same, but neither answers nor emits", async () => {
    await engine.configure({ enabled: false });
    await engine.feed("construction", "sale_recorded", sale(1, "5000.00"));
    expect(await engine.query("select 1 from sold")).toHaveLength(1);
    expect(await engine.emitted()).toEqual([]);
    expect(await engine.request("GET", "/sold")).toMatchObject({ status: 403 });
    await engine.configure({ enabled: true });
    expect(await engine.request("GET", "/sold")).toMatchObject({ status: 200 });
  });

  test("a job runs when it is told to, and what it throws is the test's", async () => {
    await engine.feed("construction", "sale_recorded", sale(1, "5000.00"));
    await engine.runJob("send");
    expect(await engine.query("select sent from outbox")).toEqual([{ sent: true }]);
    await expect(engine.runJob("fail")).rejects.toThrow("no answer");
    await expect(engine.runJob("other")).rejects.toThrow("no job other");
  });

  test("a replay gives the same figures, keeps what people entered and emits nothing again", async () => {
    await engine.feed("construction", "sale_recorded", sale(1, "5000.00"));
    await engine.feed("construction", "sale_recorded", sale(2, "0.00"), { may_fail: true });
    await engine.request("POST", "/notes", { text: "stays" });
    const before = await engine.query("select * from sold");
    await engine.query("update sold set quantity = 99");
    await expect(engine.replay()).rejects.toThrow("a sale of nothing");
    await engine.replay({ may_fail: true });
    expect(await engine.query("select * from sold")).toEqual(before);
    expect(await engine.query("select text from note")).toHaveLength(1);
    expect(await engine.emitted()).toHaveLength(1);
    expect(await engine.dead()).toHaveLength(1);
    expect(engine.logs).toContainEqual({ level: "info", msg: "reset" });
  });
});

test("what other engines publish reaches an engine that subscribes to them", async () => {
  await using listener = await testEngine({
    ...tally,
    emits: undefined,
    subscriptions: fromEngines({
      stock: {
        alert_raised: async ({ tenant_id, key }, { db }) => {
          await db.query("insert into note values ($1, $2)", [tenant_id, `alert on ${key}`]);
        },
      },
    }),
  });
  await listener.feed([{ stream: "stock", event_type: "alert_raised", payload: {}, key: "sand" }]);
  expect(await listener.query("select text from note")).toEqual([{ text: "alert on sand" }]);
}, 30_000);

test("a definition that the host would refuse is refused here", async () => {
  await expect(testEngine({ ...tally, name: "Tally" })).rejects.toThrow("/name");
  const up = "create table nobody (id uuid)";
  const migrations = [{ id: "0001_nobody", up }];
  await expect(testEngine({ ...tally, migrations, tables: undefined })).rejects.toThrow("no column tenant_id");
}, 30_000);
