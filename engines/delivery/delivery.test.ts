import { afterAll, beforeAll, beforeEach, expect, test } from "bun:test";
import fc from "fast-check";
import { EngineBench, OTHER_TENANT, TENANT } from "../../test/engines/engine-bench.ts";
import { daysAgo, History, id } from "../../test/engines/history.ts";
import { interleavings } from "../../test/engines/shuffle.ts";
import engine from "./engine.ts";

let bench: EngineBench;
beforeAll(async () => {
  bench = await EngineBench.open(engine);
}, 60_000);
beforeEach(async () => {
  await bench.empty(true);
  bench.shop = { tenant_id: TENANT, time_zone: "America/Sao_Paulo", locale: "en" };
});
afterAll(() => bench.close());

const DAY = "2026-03-02";
const PNG = Buffer.from("89504e470d0a1a0a0000", "hex").toString("base64");
type Step = "pending" | "preparing" | "out_for_delivery" | "delivered" | "cancelled";
type Row = Record<string, unknown>;

class Orders extends History {
  order(number: number, postal_code: string | null, at = daysAgo(0), delivery_date: string | null = DAY): this {
    const place = { street: "Rua A", number: String(number), district: null, city: "Campinas", state: "SP" };
    const order_id = id("order", number);
    const payload = {
      order_id,
      number: `O-${String(number).padStart(6, "0")}`,
      quote_id: null,
      customer_id: id("customer", number % 2),
      customer_name: `Customer ${number % 2}`,
      job_site_id: null,
      delivery_date,
      delivery_address: postal_code === null ? null : { ...place, postal_code },
      total_value: "10.00",
      items: [],
    };
    return this.add("order_created", order_id, payload, at);
  }

  step(number: number, old_status: Step, new_status: Step, at = daysAgo(0)): this {
    const order_id = id("order", number);
    return this.add(
      "order_status_changed",
      order_id,
      { order_id, old_status, new_status, changed_at: at, user_id: null },
      at,
    );
  }

  prepared(number: number, postal_code: string | null): this {
    return this.order(number, postal_code).step(number, "pending", "preparing");
  }

  anonymized(number: number): this {
    const customer_id = id("customer", number);
    return this.add("customer_anonymized", customer_id, { customer_id, user_id: null });
  }
}

const request = (method: string, path: string, body?: unknown) => bench.request(method, path, body);

test("routes hold what is being prepared for the day, by region and postal code, none longer than allowed", async () => {
  const orders = new Orders()
    .prepared(1, "13010-300")
    .prepared(2, "13010-100")
    .prepared(3, "13083-000")
    .prepared(4, null);
  orders.order(5, "13010-200").prepared(6, "13010-200");
  await bench.apply(orders.events);
  const planned = await request("POST", "/plan-routes", { date: DAY });
  expect(planned.status).toBe(200);
  const shape = (routes: Row[]) =>
    routes.map(({ region, number, stops }) => [region, number, (stops as Row[]).map((stop) => stop.number)]);
  expect(shape(planned.body.routes)).toEqual([
    ["SP/CAMPINAS/13010", 1, ["O-000002", "O-000006", "O-000001"]],
    ["SP/CAMPINAS/13083", 1, ["O-000003"]],
    ["unknown", 1, ["O-000004"]],
  ]);
  expect(planned.body.routes[0].explanation).toContain("3 stop(s)");

  // What has left stays where it was; what came since is planned behind it.
  orders.step(2, "preparing", "out_for_delivery").step(5, "pending", "preparing");
  await bench.apply(orders.events.slice(-2));
  await request("POST", "/plan-routes", { date: DAY });
  const { items } = (await request("GET", `/routes?date=${DAY}`)).body;
  expect(shape(items).slice(0, 2)).toEqual([
    ["SP/CAMPINAS/13010", 1, ["O-000002"]],
    ["SP/CAMPINAS/13010", 2, ["O-000005", "O-000006", "O-000001"]],
  ]);
  const page = (await request("GET", `/routes?date=${DAY}&limit=2`)).body;
  expect((await request("GET", `/routes?date=${DAY}&cursor=${page.next_cursor}`)).body.items).toEqual(items.slice(2));
  expect((await request("GET", "/routes?date=2026-02-30")).status).toBe(422);
});

test("a full route is followed by another", async () => {
  const orders = new Orders();
  for (let number = 1; number <= 45; number++) orders.prepared(number, "13010-300");
  await bench.apply(orders.events);
  const { routes } = (await request("POST", "/plan-routes", { date: DAY })).body;
  expect(routes.map(({ stops }: { stops: Row[] }) => stops.length)).toEqual([20, 20, 5]);
});

test("arrived, trouble, proof: only in their order, and kept through a replay", async () => {
  const orders = new Orders().prepared(1, "13010-300");
  const order = id("order", 1);
  await bench.apply(orders.events);
  for (const path of ["arrived", "proof", "occurrences"]) {
    const body = { proof: { recipient_name: "Ana" }, occurrences: { kind: "other", description: "x" } }[path];
    expect((await request("POST", `/deliveries/${order}/${path}`, body)).status).toBe(409);
  }
  await bench.apply(orders.step(1, "preparing", "out_for_delivery").events.slice(-1));
  expect((await request("POST", `/deliveries/${order}/arrived`)).body).toMatchObject({ status: "arrived" });
  expect((await request("POST", `/deliveries/${order}/arrived`)).status).toBe(200);
  expect((await request("GET", "/deliveries?status=arrived")).body.items).toHaveLength(1);
  expect((await request("GET", "/deliveries?status=out_for_delivery")).body.items).toEqual([]);
  const trouble = { kind: "missing_item", description: "one sack" };
  expect((await request("POST", `/deliveries/${order}/occurrences`, trouble)).status).toBe(201);
  const proof = { recipient_name: "Ana", photo: PNG, signature: "https://files.example/s.png" };
  expect((await request("POST", `/deliveries/${order}/proof`, proof)).status).toBe(201);
  expect((await request("POST", `/deliveries/${order}/proof`, proof)).status).toBe(409);

  await bench.apply(orders.step(1, "out_for_delivery", "delivered").events.slice(-1));
  const before = (await request("GET", `/deliveries/${order}`)).body;
  expect(before.history.map((step: Row) => step.status).sort()).toEqual([
    "arrived",
    "delivered",
    "out_for_delivery",
    "pending",
    "preparing",
  ]);
  expect(before).toMatchObject({ status: "delivered", proof, occurrences: [trouble] });
  await bench.empty();
  await bench.apply(orders.events);
  expect((await request("GET", `/deliveries/${order}`)).body).toEqual(before);
});

test.each([
  ["photo", "no base64!"],
  ["photo", Buffer.from("GIF89a...").toString("base64")],
  ["signature", Buffer.concat([Buffer.from("ffd8ffe0", "hex"), Buffer.alloc(2 * 1024 * 1024)]).toString("base64")],
  ["signature", "https://"],
])("%s that is no picture is refused", async (field, image) => {
  await bench.apply(new Orders().prepared(1, null).step(1, "preparing", "out_for_delivery").events);
  const answer = await request("POST", `/deliveries/${id("order", 1)}/proof`, {
    recipient_name: "Ana",
    [field]: image,
  });
  expect([answer.status, answer.body.errors[0].path]).toEqual([422, `/${field}`]);
});

test("another shop's delivery is not found", async () => {
  await bench.apply(new Orders(OTHER_TENANT).prepared(1, null).events);
  expect((await request("GET", `/deliveries/${id("order", 1)}`)).status).toBe(404);
  expect((await request("GET", "/deliveries")).body.items).toEqual([]);
});

test("an anonymized customer leaves figures and nothing else", async () => {
  const orders = new Orders().prepared(1, "13010-300").step(1, "preparing", "out_for_delivery");
  const order = id("order", 1);
  await bench.apply(orders.events);
  await request("POST", `/deliveries/${order}/proof`, { recipient_name: "Ana", recipient_document: "1" });
  await request("POST", `/deliveries/${order}/occurrences`, { kind: "other", description: "Ana was out" });
  await bench.apply(orders.anonymized(1).events.slice(-1));
  const { body } = await request("GET", `/deliveries/${order}`);
  expect(JSON.stringify(body)).not.toMatch(/Ana|Customer|Rua/);
  expect(body).toMatchObject({ region: "unknown", total_value: "10.00", number: "O-000001" });
});

test("performance counts what ended in the local days asked for", async () => {
  const orders = new Orders();
  const noon = (day: number, minutes = 0) =>
    `${new Date(Date.UTC(2026, 2, day, 15, minutes)).toISOString().slice(0, 23)}000Z`;
  for (const [number, minutes] of [30, 45, 61].entries()) {
    orders.order(number, null, noon(1)).step(number, "preparing", "out_for_delivery", noon(2));
    orders.step(number, "out_for_delivery", "delivered", noon(2, minutes));
  }
  orders.order(7, null, noon(1)).step(7, "preparing", "out_for_delivery", noon(2));
  orders.step(7, "out_for_delivery", "cancelled", noon(3));
  orders.order(8, null, noon(1)).step(8, "pending", "cancelled", noon(2));
  await bench.apply(orders.events);
  await request("POST", `/deliveries/${id("order", 7)}/occurrences`, { kind: "refused", description: "not wanted" });
  expect((await request("GET", "/performance?from=2026-03-02&to=2026-03-03")).body).toMatchObject({
    from: "2026-03-02",
    delivered: 3,
    failed: 1,
    mean_minutes: "45.33",
    success_rate: "75.00",
    occurrence_rate: "25.00",
    cost: "0.00",
    explanation: expect.stringContaining("3 of 4 that left were delivered (75.00 %)"),
  });
  const empty = (await request("GET", "/performance?from=2026-03-04&to=2026-03-04")).body;
  expect(empty).toMatchObject({ delivered: 0, mean_minutes: null, success_rate: null });
  expect((await request("GET", "/performance?from=2026-03-04&to=2026-03-03")).status).toBe(422);
});

test("any interleaving of different keys, in any batches, leaves the same rows", async () => {
  const histories = fc
    .array(fc.tuple(fc.nat({ max: 5 }), fc.boolean()), { minLength: 1, maxLength: 20 })
    .map((moves) => {
      const orders = new Orders();
      const next: Record<number, [Step, Step][]> = {};
      for (const [number, anonymize] of moves) {
        if (anonymize) orders.anonymized(number % 2);
        const steps = next[number];
        if (!steps) {
          orders.order(number, number === 0 ? null : "13010-300");
          next[number] = [
            ["pending", "preparing"],
            ["preparing", "out_for_delivery"],
            ["out_for_delivery", "delivered"],
          ];
          continue;
        }
        const step = steps.shift();
        if (step) orders.step(number, ...step);
      }
      return orders.events;
    });
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
    { numRuns: 15 },
  );
}, 120_000);
