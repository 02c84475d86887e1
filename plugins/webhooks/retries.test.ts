import { afterAll, beforeAll, beforeEach, expect, spyOn, test } from "bun:test";
import { Desk, type Page } from "./desk.ts";

let desk: Desk;
beforeAll(async () => {
  desk = await Desk.open();
}, 60_000);
beforeEach(() => desk.clear());
afterAll(() => desk.close());

test("a receiver that fails is tried again with growing pauses for three days, then given up and retried by hand", async () => {
  await desk.endpoint();
  desk.answers(500);
  await desk.happen();
  await desk.engine.runJob("send");
  const [first] = await desk.deliveries("?status=pending");
  expect(first).toMatchObject({ attempts: 1, last_status: 500, last_error: "the receiver answered 500" });
  const pause = Date.parse(String(first?.next_attempt_at)) - Date.parse(String(first?.last_attempt_at));
  expect(pause).toBeGreaterThanOrEqual(5000);
  expect(pause).toBeLessThan(8000);
  await desk.engine.query("update deliveries set queued_at = now() - interval '3 days', next_attempt_at = now()");
  await desk.engine.runJob("send");
  expect(await desk.deliveries("?status=failed")).toHaveLength(1);
  desk.answers(200);
  expect((await desk.engine.request("POST", `/deliveries/${first?.id}/retry`)).status).toBe(200);
  await desk.engine.runJob("send");
  expect(await desk.deliveries("?status=delivered")).toHaveLength(1);
});

test("a receiver that fails is switched off after five days, says so, and gets what it missed when it recovers", async () => {
  const { id } = await desk.endpoint();
  desk.answers(503);
  await desk.happen();
  await desk.engine.query("update endpoints set failing_since = now() - interval '5 days 1 minute'");
  await desk.engine.runJob("send");
  const shown = async () => (await desk.engine.request<Page>("GET", "/endpoints")).body.items[0];
  expect(await shown()).toMatchObject({ active: false, inactive_reason: "every attempt of five days failed" });
  await desk.happen();
  expect(await desk.deliveries("?status=failed")).toHaveLength(2);
  desk.answers(200);
  const since = "2020-01-01T00:00:00Z";
  const recovered = await desk.engine.request("POST", `/endpoints/${id}/recover`, { since });
  expect(recovered.body).toMatchObject({ active: true, inactive_reason: null, failing_since: null, queued: 2 });
  await desk.engine.runJob("send");
  expect(await desk.deliveries("?status=delivered")).toHaveLength(2);
});

test("a receiver that moves has five days again", async () => {
  const { id } = await desk.endpoint();
  await desk.engine.query("update endpoints set failing_since = now() - interval '4 days'");
  const failing = async (body: object) =>
    (await desk.engine.request<{ failing_since: string | null }>("PATCH", `/endpoints/${id}`, body)).body.failing_since;
  expect(await failing({ description: "ERP", url: desk.url() })).not.toBeNull();
  expect(await failing({ url: desk.url("/new") })).toBeNull();
});

test("a receiver that answers 410 is left alone", async () => {
  await desk.endpoint();
  desk.answers(410);
  await desk.happen();
  await desk.engine.runJob("send");
  expect((await desk.engine.request<Page>("GET", "/endpoints")).body.items[0]).toMatchObject({ active: false });
});

test("a receiver that was switched off by hand gets nothing more, and what it missed when it recovers", async () => {
  const { id } = await desk.endpoint();
  desk.answers(500);
  await desk.happen();
  await desk.engine.runJob("send");
  await desk.engine.request("PATCH", `/endpoints/${id}`, { active: false });
  expect(await desk.deliveries("?status=failed")).toEqual([
    expect.objectContaining({ attempts: 1, next_attempt_at: null, last_error: "the receiver answered 500" }),
  ]);
  // As if one had come in at that moment.
  await desk.engine.query("update deliveries set status = 'pending', next_attempt_at = now()");
  await desk.engine.runJob("send");
  expect(desk.received).toHaveLength(1);
});

test("what a receiver refuses after it was switched off is not tried again", async () => {
  const { promise: arrival, resolve: arrived } = Promise.withResolvers<void>();
  const { promise: held, resolve: release } = Promise.withResolvers<void>();
  desk.answer = async () => {
    arrived();
    await held;
    return new Response(null, { status: 500 });
  };
  const { id } = await desk.endpoint();
  await desk.happen();
  const run = desk.engine.runJob("send");
  await arrival;
  await desk.engine.query("update endpoints set failing_since = now()");
  await desk.engine.request("PATCH", `/endpoints/${id}`, { active: false });
  release();
  await run;
  expect(await desk.deliveries("?status=failed")).toEqual([
    expect.objectContaining({ attempts: 1, last_status: 500, next_attempt_at: null }),
  ]);
});

test("a receiver that is slow does not keep another shop waiting", async () => {
  let release = () => {};
  const held = new Promise<void>((resolve) => {
    release = resolve;
  });
  let arrived = () => {};
  const quick = new Promise<void>((resolve) => {
    arrived = resolve;
  });
  desk.answer = async (path) => {
    if (path === "/quick") arrived();
    else await held;
    return new Response(null, { status: 200 });
  };
  await desk.endpoint({ url: desk.url("/slow") });
  await desk.endpoint({ url: desk.url("/quick") }, "other");
  for (let count = 0; count < 10; count++) await desk.happen();
  await desk.happen("other");
  const run = desk.engine.runJob("send");
  await quick;
  release();
  await run;
  expect(await desk.deliveries("?status=delivered")).toHaveLength(10);
});

test("a run that has lasted long leaves a slow receiver to itself, and the next run sends to the others meanwhile", async () => {
  const { promise: arrival, resolve: arrived } = Promise.withResolvers<void>();
  const { promise: quick, resolve: served } = Promise.withResolvers<void>();
  const { promise: held, resolve: release } = Promise.withResolvers<void>();
  desk.answer = async (path) => {
    if (path === "/quick") served();
    else {
      arrived();
      await held;
    }
    return new Response(null, { status: 200 });
  };
  await desk.endpoint({ url: desk.url("/slow") });
  await desk.endpoint({ url: desk.url("/quick") }, "other");
  await desk.happen();
  const first = desk.engine.runJob("send");
  await arrival;
  const clock = spyOn(performance, "now").mockReturnValue(performance.now() + 60_000);
  await first.finally(() => clock.mockRestore());
  await desk.happen();
  await desk.happen("other");
  const second = desk.engine.runJob("send");
  await quick;
  expect(desk.received).toHaveLength(2);
  release();
  await second;
  expect(await desk.deliveries("?status=delivered")).toHaveLength(2);
});
