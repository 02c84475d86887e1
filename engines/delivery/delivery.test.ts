import { afterAll, beforeAll, beforeEach, expect, test } from "bun:test";
import { EngineBench, OTHER_TENANT } from "../../test/engines/engine-bench.ts";
import { id } from "../../test/engines/history.ts";
import engine from "./engine.ts";
import { DAY, Orders } from "./orders.ts";

let bench: EngineBench;
beforeAll(async () => {
  bench = await EngineBench.open(engine);
}, 60_000);
beforeEach(() => bench.reset());
afterAll(() => bench.close());

const PNG = Buffer.from("89504e470d0a1a0a0000", "hex").toString("base64");
type Row = Record<string, unknown>;

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

test("an order that got another day is planned for that one", async () => {
  const orders = new Orders().order(1, null).rescheduled(1, "2026-03-05").step(1, "pending", "preparing");
  orders.order(2, null).rescheduled(2, null).step(2, "pending", "preparing");
  await bench.apply(orders.events.slice(0, 2), orders.events.slice(2));
  const planned = async (date: string) => (await request("POST", "/plan-routes", { date })).body.routes.length;
  expect([await planned(DAY), await planned("2026-03-05")]).toEqual([0, 1]);
  const { items } = (await request("GET", "/deliveries?date=2026-03-05")).body;
  expect(items.map(({ number }: Row) => number)).toEqual(["O-000001"]);
  expect((await request("GET", `/deliveries/${id("order", 2)}`)).body.delivery_date).toBeNull();
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

test("what is entered after a customer was anonymized stays through a replay", async () => {
  const orders = new Orders().prepared(1, null).step(1, "preparing", "out_for_delivery").anonymized(1);
  const path = `/deliveries/${id("order", 1)}`;
  await bench.apply(orders.events);
  await request("POST", `${path}/proof`, { recipient_name: "The doorman" });
  await request("POST", `${path}/occurrences`, { kind: "other", description: "The lift was out" });
  const before = (await request("GET", path)).body;
  expect(before).toMatchObject({ proof: { recipient_name: "The doorman" } });
  await bench.empty();
  await bench.apply(orders.events);
  expect((await request("GET", path)).body).toEqual(before);
});

test("what happened at one instant is told in the order in which it must have", async () => {
  const at = "2026-03-02T12:00:00.000000Z";
  const orders = new Orders().order(1, null, at);
  orders.step(1, "pending", "preparing", at).step(1, "preparing", "out_for_delivery", at);
  await bench.apply(orders.step(1, "out_for_delivery", "delivered", at).events);
  const { history } = (await request("GET", `/deliveries/${id("order", 1)}`)).body;
  expect(history.map((step: Row) => step.status)).toEqual(["pending", "preparing", "out_for_delivery", "delivered"]);
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
  // The thirty days up to the one that is named.
  const upto = (await request("GET", "/performance?to=2026-03-03")).body;
  expect(upto).toMatchObject({ from: "2026-02-02", to: "2026-03-03", delivered: 3 });
  const future = (await request("GET", "/performance?from=2999-01-01")).body;
  expect(future).toMatchObject({ from: "2999-01-01", to: "2999-01-01", delivered: 0 });
});
