import { afterAll, beforeAll, beforeEach, describe, expect, test } from "bun:test";
import { Webhook } from "standardwebhooks";
import { Desk } from "./desk.ts";

let desk: Desk;
beforeAll(async () => {
  desk = await Desk.open();
}, 60_000);
beforeEach(() => desk.clear());
afterAll(() => desk.close());

const supplier_id = "018f0000-0000-7000-8000-0000000000aa";
const customer_id = "018f0000-0000-7000-8000-0000000000bb";

describe("what is sent", () => {
  test("is a CloudEvent that the receivers' own library verifies", async () => {
    const { secret } = await desk.endpoint();
    await desk.happen();
    await desk.engine.runJob("send");
    const [got] = desk.received;
    expect(new Webhook(secret).verify(got?.body ?? "", got?.headers ?? {})).toMatchObject({
      specversion: "1.0",
      type: "supplier_updated",
      subject: supplier_id,
      data: { name: "Areial", active: true },
    });
    expect(got?.headers["content-type"]).toStartWith("application/cloudevents+json");
    expect(await desk.deliveries("?status=delivered")).toEqual([
      expect.objectContaining({ attempts: 1, last_status: 204 }),
    ]);
    await desk.engine.runJob("send");
    expect(desk.received).toHaveLength(1);
  });

  test("carries both signatures for a day after the secret was changed", async () => {
    const { id, secret } = await desk.endpoint();
    const rotated = await desk.engine.request<{ secret: string }>("POST", `/endpoints/${id}/rotate-secret`);
    await desk.happen();
    await desk.engine.runJob("send");
    const [got] = desk.received;
    expect(rotated.body.secret).not.toBe(secret);
    for (const key of [secret, rotated.body.secret]) new Webhook(key).verify(got?.body ?? "", got?.headers ?? {});
  });

  test("is what the endpoint chose, of its own shop, from the time it was there", async () => {
    await desk.happen();
    await desk.endpoint({ event_types: ["order_created"] });
    await desk.endpoint({ event_types: ["supplier_updated", "order_created"] }, "other");
    await desk.happen();
    expect(await desk.deliveries()).toEqual([]);
    await desk.happen("other");
    await desk.engine.runJob("send");
    expect(desk.received).toHaveLength(1);
  });

  test("is nothing while the shop has the plugin off, and not again after a replay", async () => {
    await desk.endpoint();
    await desk.engine.configure({ enabled: false });
    await desk.happen();
    await desk.engine.runJob("send");
    expect(desk.received).toEqual([]);
    await desk.engine.configure({ enabled: true });
    await desk.engine.query("update deliveries set next_attempt_at = now()");
    await desk.engine.runJob("send");
    await desk.engine.replay();
    await desk.engine.runJob("send");
    expect(desk.received).toHaveLength(1);
  });

  test("is given up after three days also while the shop has the plugin off", async () => {
    await desk.endpoint();
    await desk.engine.configure({ enabled: false });
    await desk.happen();
    await desk.engine.query("update deliveries set queued_at = now() - interval '3 days 1 second'");
    await desk.engine.runJob("send");
    await desk.engine.configure({ enabled: true });
    expect(await desk.deliveries("?status=failed")).toEqual([
      expect.objectContaining({ attempts: 0, next_attempt_at: null, last_error: "the plugin is off" }),
    ]);
  });

  test("is not so old that its delivery may have been forgotten: a replay would send it again", async () => {
    await desk.endpoint();
    await desk.engine.query("update endpoints set created_at = now() - interval '60 days'");
    const payload = { supplier_id, name: "Areial", active: true, user_id: null };
    for (const days of [31, 29]) {
      const occurred_at = new Date(Date.now() - days * 86_400_000).toISOString();
      await desk.engine.feed("construction", "supplier_updated", payload, { occurred_at });
    }
    expect(await desk.deliveries()).toHaveLength(1);
  });

  test("no longer names a customer who was anonymized", async () => {
    await desk.endpoint({ event_types: ["order_created"] });
    await desk.engine.feed("construction", "order_created", {
      order_id: supplier_id,
      number: "O-000001",
      quote_id: null,
      customer_id,
      customer_name: "Ana",
      job_site_id: null,
      delivery_date: null,
      delivery_address: null,
      total_value: "1.00",
      items: [],
    });
    await desk.engine.feed("construction", "customer_anonymized", { customer_id, user_id: null });
    await desk.engine.runJob("send");
    expect(desk.received).toHaveLength(1);
    expect(JSON.parse(desk.received[0]?.body ?? "").data).toMatchObject({ customer_name: "—", delivery_address: null });
  });
});

describe("addresses that are not public", () => {
  test("are refused when they are entered, also in other spellings", async () => {
    desk.engine.operate({});
    for (const url of [
      "http://127.0.0.1/",
      "http://0x7f.1/",
      "http://2130706433/",
      "http://[::1]/",
      "ftp://a.example/",
      "http://a:b@c.example/",
      "nonsense",
    ]) {
      expect((await desk.engine.request("POST", "/endpoints", { url })).status).toBe(422);
    }
  });

  test("are refused when a name leads to them", async () => {
    desk.engine.operate({});
    await desk.endpoint({ url: `http://localhost:${desk.port}/hook` });
    await desk.happen();
    await desk.engine.runJob("send");
    expect(desk.received).toEqual([]);
    expect((await desk.deliveries("?status=pending"))[0]).toMatchObject({
      last_error: "localhost leads to an address that is not public",
    });
  });

  test("are not reached by a redirect: none is followed", async () => {
    await desk.endpoint();
    desk.answer = () => Response.redirect(desk.url("/inside"), 307);
    await desk.happen();
    await desk.engine.runJob("send");
    expect(desk.received).toHaveLength(1);
    expect((await desk.deliveries("?status=pending"))[0]).toMatchObject({ last_status: 307 });
  });
});

test("endpoints are an admin's, their secrets are shown once, and they can be changed and removed", async () => {
  const { id, secret } = await desk.endpoint({ description: "ERP" });
  expect(secret).toMatch(/^whsec_/);
  const seller = await desk.engine.request("GET", "/endpoints", undefined, { user: { role: "seller" } });
  expect(seller.status).toBe(403);
  expect(JSON.stringify((await desk.engine.request("GET", "/endpoints")).body)).not.toContain("whsec_");
  const other = await desk.engine.request("PATCH", `/endpoints/${id}`, { active: false }, { tenant: "other" });
  expect(other.status).toBe(404);
  const changed = await desk.engine.request("PATCH", `/endpoints/${id}`, {
    active: false,
    event_types: ["quote_sent"],
  });
  expect(changed.body).toMatchObject({ active: false, event_types: ["quote_sent"], description: "ERP" });
  expect((await desk.engine.request("PATCH", `/endpoints/${id}`, { event_types: ["moon_landed"] })).status).toBe(422);
  expect((await desk.engine.request("DELETE", `/endpoints/${id}`)).status).toBe(204);
  expect((await desk.engine.request("DELETE", `/endpoints/${id}`)).status).toBe(404);
});
