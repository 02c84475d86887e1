import { afterAll, beforeAll, beforeEach, describe, expect, test } from "bun:test";
import { EngineBench } from "../../test/engines/engine-bench.ts";
import { id } from "../../test/engines/history.ts";
import engine from "./engine.ts";
import { DAY, Orders } from "./orders.ts";

let bench: EngineBench;
beforeAll(async () => {
  bench = await EngineBench.open(engine);
}, 60_000);
beforeEach(() => bench.reset());
afterAll(() => bench.close());

type Row = Record<string, unknown>;
const request = (method: string, path: string, body?: unknown) => bench.request(method, path, body);
const numbers = (routes: { stops: Row[] }[]) => routes.map(({ stops }) => stops.map(({ number }) => number));

describe("a day's routes", () => {
  test.each([
    [20, [20]],
    [21, [20, 1]],
  ])("%d stops are routes of %p", async (count, lengths) => {
    const orders = new Orders();
    for (let number = 1; number <= count; number++) orders.prepared(number, "13010-300");
    await bench.apply(orders.events);
    const { routes } = (await request("POST", "/plan-routes", { date: DAY })).body;
    expect(routes.map(({ stops }: { stops: Row[] }) => stops.length)).toEqual(lengths);
  });

  test("hold no order that was cancelled, neither before they are planned again nor after, nor cost a stop for it", async () => {
    await bench.configure({ cost_per_stop: "7.50" });
    const orders = new Orders().prepared(1, "13010-100").prepared(2, "13010-200").prepared(3, "13083-000");
    await bench.apply(orders.events);
    await request("POST", "/plan-routes", { date: DAY });
    orders.step(1, "preparing", "cancelled").step(3, "preparing", "cancelled");
    await bench.apply(orders.events.slice(-2));
    const shown = (await request("GET", `/routes?date=${DAY}`)).body.items;
    expect(numbers(shown)).toEqual([["O-000002"]]);
    expect(shown[0].cost).toBe("7.50");
    expect(numbers((await request("POST", "/plan-routes", { date: DAY })).body.routes)).toEqual([["O-000002"]]);
    await bench.configure({});
  });

  test("are in the order of the whole postal code, however it is written", async () => {
    const orders = new Orders().prepared(1, "13010-300").prepared(2, "13010299").prepared(3, "13010-301");
    await bench.apply(orders.events);
    const { routes } = (await request("POST", "/plan-routes", { date: DAY })).body;
    expect(numbers(routes)).toEqual([["O-000002", "O-000001", "O-000003"]]);
  });
});

describe("a proof's picture", () => {
  const LIMIT = 2 * 1024 * 1024;
  const picture = (magic: string, bytes: number) =>
    Buffer.concat([Buffer.from(magic, "hex"), Buffer.alloc(bytes - magic.length / 2)]).toString("base64");
  const PNG = "89504e470d0a1a0a";
  const JPEG = "ffd8ffe0";
  const prove = async (field: string, image: unknown) => {
    await bench.apply(new Orders().prepared(1, null).step(1, "preparing", "out_for_delivery").events);
    return await request("POST", `/deliveries/${id("order", 1)}/proof`, { recipient_name: "Ana", [field]: image });
  };

  test.each([
    ["a PNG of exactly 2 MB", () => picture(PNG, LIMIT)],
    ["a JPEG of exactly 2 MB as a data URL", () => `data:image/jpeg;base64,${picture(JPEG, LIMIT)}`],
    ["a PNG without padding", () => picture(PNG, 64).replace(/=+$/, "")],
    ["a URL", () => "https://files.example/a.png?size=1"],
  ])("may be %s, and is shown as it was given", async (_, make) => {
    const given = make();
    const answer = await prove("photo", given);
    expect([answer.status, answer.body.photo === given]).toEqual([201, true]);
  });

  test.each([
    ["a PNG a byte above 2 MB", () => picture(PNG, LIMIT + 1), "must not be larger than 2 MB"],
    ["a JPEG of 3 MB", () => picture(JPEG, 3 * 1024 * 1024), "must not be larger than 2 MB"],
    ["a GIF", () => Buffer.from("GIF89a......").toString("base64"), "must be a PNG or a JPEG"],
    ["half the mark of a PNG", () => Buffer.from("89504e47", "hex").toString("base64"), "must be a PNG or a JPEG"],
    [
      "a GIF that says it is a PNG",
      () => `data:image/png;base64,${Buffer.from("GIF89a").toString("base64")}`,
      "must be a PNG or a JPEG",
    ],
    ["an SVG", () => "data:image/svg+xml;base64,PHN2Zy8+", "must be a URL or base64 of a PNG or JPEG"],
    ["base64 that was cut off", () => `${picture(PNG, 63)}A`, "must be a URL or base64 of a PNG or JPEG"],
    ["wrong padding", () => `${picture(PNG, 63)}=`, "must be a URL or base64 of a PNG or JPEG"],
    ["nothing", () => "", "must be a URL or base64 of a PNG or JPEG"],
    ["a script", () => "javascript:alert(1)", "must be a URL or base64 of a PNG or JPEG"],
    ["half a URL", () => "http://", "is not a URL"],
    ["a URL without a host", () => "https:a.png", "is not a URL"],
    ["an endless URL", () => `https://a.example/${"a".repeat(2000)}`, "is not a URL"],
  ])("may not be %s, and the answer says where and why", async (_, make, message) => {
    for (const field of ["photo", "signature"]) {
      const answer = await prove(field, make());
      expect([answer.status, answer.body.errors]).toEqual([422, [{ path: `/${field}`, message }]]);
      await bench.empty();
    }
  });
});

test("trouble may be told of what was delivered or cancelled, an arrival may not", async () => {
  const orders = new Orders();
  for (const number of [1, 2]) orders.prepared(number, null).step(number, "preparing", "out_for_delivery");
  orders.step(1, "out_for_delivery", "delivered").step(2, "out_for_delivery", "cancelled");
  await bench.apply(orders.events);
  for (const [number, status] of [
    [1, "delivered"],
    [2, "cancelled"],
  ] as const) {
    const path = `/deliveries/${id("order", number)}`;
    const told = await request("POST", `${path}/occurrences`, { kind: "wrong_item", description: "sand, not gravel" });
    expect(told.status).toBe(201);
    expect((await request("POST", `${path}/arrived`)).status).toBe(409);
    expect((await request("GET", path)).body).toMatchObject({ status, occurrences: [{ kind: "wrong_item" }] });
  }
  const proof = { recipient_name: "Ana" };
  expect((await request("POST", `/deliveries/${id("order", 1)}/proof`, proof)).status).toBe(201);
  expect((await request("POST", `/deliveries/${id("order", 2)}/proof`, proof)).status).toBe(409);
});

test("no trouble is told of what was cancelled before it left", async () => {
  await bench.apply(new Orders().prepared(1, null).step(1, "preparing", "cancelled").events);
  const trouble = { kind: "refused", description: "nobody was there" };
  expect((await request("POST", `/deliveries/${id("order", 1)}/occurrences`, trouble)).status).toBe(409);
});

test("an arrival that was entered before a replay counts again once the replay has come to the order's leaving", async () => {
  const orders = new Orders().prepared(1, null).step(1, "preparing", "out_for_delivery");
  const path = `/deliveries/${id("order", 1)}`;
  await bench.apply(orders.events);
  await request("POST", `${path}/arrived`);
  await bench.empty();
  const seen = [];
  for (const event of orders.step(1, "out_for_delivery", "delivered").events) {
    await bench.apply([event]);
    seen.push((await request("GET", path)).body.status);
  }
  expect(seen).toEqual(["pending", "preparing", "arrived", "delivered"]);
});

test("a status that is heard of late is part of the story and changes nothing", async () => {
  const orders = new Orders().prepared(1, null).step(1, "preparing", "out_for_delivery");
  const [created, prepared, left] = orders.events;
  if (!created || !prepared || !left) throw new Error("three things happened");
  await bench.apply([left], [created], [prepared]);
  const { status, number, history } = (await request("GET", `/deliveries/${id("order", 1)}`)).body;
  expect({ status, number }).toEqual({ status: "out_for_delivery", number: "O-000001" });
  expect(history.map((step: Row) => step.status).sort()).toEqual(["out_for_delivery", "pending", "preparing"]);
});

test("where nothing that left was delivered there is no mean time, and a success rate of 0", async () => {
  const orders = new Orders().prepared(1, null).step(1, "preparing", "out_for_delivery");
  await bench.apply(orders.step(1, "out_for_delivery", "cancelled").events);
  const { body } = await request("GET", "/performance");
  expect(body).toMatchObject({ delivered: 0, failed: 1, mean_minutes: null, success_rate: "0.00" });
  expect(body.explanation).toBe("0 of 1 that left were delivered (0.00 %), 0.00 % with an occurrence, cost R$ 0.00.");
});
