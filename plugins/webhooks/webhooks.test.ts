import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "bun:test";
import { type TestedEngine, testEngine } from "@basecommerce/engine/testing";
import { Webhook } from "standardwebhooks";
import webhooks from "./engine.ts";
import { isPublic, PRIVATE_ALLOWED } from "./target.ts";

let engine: TestedEngine<object, Record<never, never>>;
let received: { headers: Record<string, string>; body: string }[] = [];
let answer: (path: string) => Response | Promise<Response> = () => new Response(null, { status: 204 });
const receiver = Bun.serve({
  port: 0,
  hostname: "127.0.0.1",
  fetch: async (request) => {
    received.push({ headers: Object.fromEntries(request.headers), body: await request.text() });
    return await answer(new URL(request.url).pathname);
  },
});
const URL_HERE = `http://127.0.0.1:${receiver.port}/hook`;

beforeAll(async () => {
  engine = await testEngine(webhooks, { tenants: { shop: {}, other: {} } });
}, 60_000);
beforeEach(async () => {
  await engine.clear();
  process.env[PRIVATE_ALLOWED] = "true";
  received = [];
  answer = () => new Response(null, { status: 204 });
});
afterEach(() => {
  delete process.env[PRIVATE_ALLOWED];
});
afterAll(async () => {
  await receiver.stop(true);
  await engine.close();
});

const supplier_id = "018f0000-0000-7000-8000-0000000000aa";
const customer_id = "018f0000-0000-7000-8000-0000000000bb";

async function happen(tenant?: string): Promise<void> {
  const payload = { supplier_id, name: "Areial", active: true, user_id: null };
  await engine.feed("construction", "supplier_updated", payload, { tenant });
}

interface Made {
  id: string;
  secret: string;
}

async function endpoint(body: object = {}, tenant?: string): Promise<Made> {
  const made = await engine.request<Made>("POST", "/endpoints", { url: URL_HERE, ...body }, { tenant });
  expect(made.status).toBe(201);
  return made.body;
}

interface Page {
  items: Record<string, unknown>[];
}

const deliveries = async (query = "", tenant?: string) =>
  (await engine.request<Page>("GET", `/deliveries${query}`, undefined, { tenant })).body.items;

describe("what is sent", () => {
  test("is a CloudEvent that the receivers' own library verifies", async () => {
    const { secret } = await endpoint();
    await happen();
    await engine.runJob("send");
    const [got] = received;
    expect(new Webhook(secret).verify(got?.body ?? "", got?.headers ?? {})).toMatchObject({
      specversion: "1.0",
      type: "supplier_updated",
      subject: supplier_id,
      data: { name: "Areial", active: true },
    });
    expect(got?.headers["content-type"]).toStartWith("application/cloudevents+json");
    expect(await deliveries("?status=delivered")).toEqual([expect.objectContaining({ attempts: 1, last_status: 204 })]);
    await engine.runJob("send");
    expect(received).toHaveLength(1);
  });

  test("carries both signatures for a day after the secret was changed", async () => {
    const { id, secret } = await endpoint();
    const rotated = await engine.request<Made>("POST", `/endpoints/${id}/rotate-secret`);
    await happen();
    await engine.runJob("send");
    const [got] = received;
    expect(rotated.body.secret).not.toBe(secret);
    for (const key of [secret, rotated.body.secret]) new Webhook(key).verify(got?.body ?? "", got?.headers ?? {});
  });

  test("is what the endpoint chose, of its own shop, from the time it was there", async () => {
    await happen();
    await endpoint({ event_types: ["order_created"] });
    await endpoint({ event_types: ["supplier_updated", "order_created"] }, "other");
    await happen();
    expect(await deliveries()).toEqual([]);
    await happen("other");
    await engine.runJob("send");
    expect(received).toHaveLength(1);
  });

  test("is nothing while the shop has the plugin off, and not again after a replay", async () => {
    await endpoint();
    await engine.configure({ enabled: false });
    await happen();
    await engine.runJob("send");
    expect(received).toEqual([]);
    await engine.configure({ enabled: true });
    await engine.query("update deliveries set next_attempt_at = now()");
    await engine.runJob("send");
    await engine.replay();
    await engine.runJob("send");
    expect(received).toHaveLength(1);
  });

  test("no longer names a customer who was anonymized", async () => {
    await endpoint({ event_types: ["order_created"] });
    await engine.feed("construction", "order_created", {
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
    await engine.feed("construction", "customer_anonymized", { customer_id, user_id: null });
    await engine.runJob("send");
    expect(received).toHaveLength(1);
    expect(received[0]?.body).not.toContain("Ana");
  });
});

describe("a receiver that fails", () => {
  test("is tried again with growing pauses for three days, then given up and retried by hand", async () => {
    await endpoint();
    answer = () => new Response(null, { status: 500 });
    await happen();
    await engine.runJob("send");
    const [first] = await deliveries("?status=pending");
    expect(first).toMatchObject({ attempts: 1, last_status: 500, last_error: "the receiver answered 500" });
    const pause = Date.parse(String(first?.next_attempt_at)) - Date.parse(String(first?.last_attempt_at));
    expect(pause).toBeGreaterThanOrEqual(5000);
    expect(pause).toBeLessThan(8000);
    await engine.query("update deliveries set queued_at = now() - interval '3 days', next_attempt_at = now()");
    await engine.runJob("send");
    expect(await deliveries("?status=failed")).toHaveLength(1);
    answer = () => new Response(null, { status: 200 });
    expect((await engine.request("POST", `/deliveries/${first?.id}/retry`)).status).toBe(200);
    await engine.runJob("send");
    expect(await deliveries("?status=delivered")).toHaveLength(1);
  });

  test("is switched off after five days, says so, and gets what it missed when it recovers", async () => {
    const { id } = await endpoint();
    answer = () => new Response(null, { status: 503 });
    await happen();
    await engine.query("update endpoints set failing_since = now() - interval '5 days 1 minute'");
    await engine.runJob("send");
    const shown = async () => (await engine.request<Page>("GET", "/endpoints")).body.items[0];
    expect(await shown()).toMatchObject({ active: false, inactive_reason: "every attempt of five days failed" });
    await happen();
    expect(await deliveries("?status=failed")).toHaveLength(2);
    answer = () => new Response(null, { status: 200 });
    const since = "2020-01-01T00:00:00Z";
    const recovered = await engine.request("POST", `/endpoints/${id}/recover`, { since });
    expect(recovered.body).toMatchObject({ active: true, inactive_reason: null, failing_since: null, queued: 2 });
    await engine.runJob("send");
    expect(await deliveries("?status=delivered")).toHaveLength(2);
  });

  test("answers 410 once and is left alone", async () => {
    await endpoint();
    answer = () => new Response(null, { status: 410 });
    await happen();
    await engine.runJob("send");
    expect((await engine.request<Page>("GET", "/endpoints")).body.items[0]).toMatchObject({ active: false });
  });

  test("does not keep another shop waiting", async () => {
    let release = () => {};
    const held = new Promise<void>((resolve) => {
      release = resolve;
    });
    let arrived = () => {};
    const quick = new Promise<void>((resolve) => {
      arrived = resolve;
    });
    answer = async (path) => {
      if (path === "/quick") arrived();
      else await held;
      return new Response(null, { status: 200 });
    };
    await endpoint({ url: URL_HERE.replace("/hook", "/slow") });
    await endpoint({ url: URL_HERE.replace("/hook", "/quick") }, "other");
    for (let count = 0; count < 10; count++) await happen();
    await happen("other");
    const run = engine.runJob("send");
    await quick;
    release();
    await run;
    expect(await deliveries("?status=delivered")).toHaveLength(10);
  });
});

describe("addresses that are not public", () => {
  test.each([
    "10.1.2.3",
    "127.0.0.1",
    "169.254.169.254",
    "172.31.0.1",
    "192.168.1.1",
    "100.64.0.1",
    "0.0.0.0",
    "::1",
    "fe80::1",
    "fd00::1",
    "::ffff:10.0.0.1",
    "64:ff9b::a00:1",
    "2002:a00:1::",
  ])("%s", (address) => expect(isPublic(address)).toBe(false));

  test.each(["8.8.8.8", "172.32.0.1", "2606:4700::1111"])("%s is one", (address) =>
    expect(isPublic(address)).toBe(true),
  );

  test("are refused when they are entered, also in other spellings", async () => {
    delete process.env[PRIVATE_ALLOWED];
    for (const url of [
      "http://127.0.0.1/",
      "http://0x7f.1/",
      "http://2130706433/",
      "http://[::1]/",
      "ftp://a.example/",
      "http://a:b@c.example/",
      "nonsense",
    ]) {
      expect((await engine.request("POST", "/endpoints", { url })).status).toBe(422);
    }
  });

  test("are refused when a name leads to them", async () => {
    delete process.env[PRIVATE_ALLOWED];
    await endpoint({ url: `http://localhost:${receiver.port}/hook` });
    await happen();
    await engine.runJob("send");
    expect(received).toEqual([]);
    expect((await deliveries("?status=pending"))[0]?.last_error).toMatch(
      /^localhost leads to .+, which is not public$/,
    );
  });

  test("are not reached by a redirect: none is followed", async () => {
    await endpoint();
    answer = () => Response.redirect(`${URL_HERE}/inside`, 307);
    await happen();
    await engine.runJob("send");
    expect(received).toHaveLength(1);
    expect((await deliveries("?status=pending"))[0]).toMatchObject({ last_status: 307 });
  });
});

test("endpoints are an admin's, their secrets are shown once, and they can be changed and removed", async () => {
  const { id, secret } = await endpoint({ description: "ERP" });
  expect(secret).toMatch(/^whsec_/);
  const seller = await engine.request("GET", "/endpoints", undefined, { user: { role: "seller" } });
  expect(seller.status).toBe(403);
  expect(JSON.stringify((await engine.request("GET", "/endpoints")).body)).not.toContain("whsec_");
  const other = await engine.request("PATCH", `/endpoints/${id}`, { active: false }, { tenant: "other" });
  expect(other.status).toBe(404);
  const changed = await engine.request("PATCH", `/endpoints/${id}`, { active: false, event_types: ["quote_sent"] });
  expect(changed.body).toMatchObject({ active: false, event_types: ["quote_sent"], description: "ERP" });
  expect((await engine.request("PATCH", `/endpoints/${id}`, { event_types: ["moon_landed"] })).status).toBe(422);
  expect((await engine.request("DELETE", `/endpoints/${id}`)).status).toBe(204);
  expect((await engine.request("DELETE", `/endpoints/${id}`)).status).toBe(404);
});
