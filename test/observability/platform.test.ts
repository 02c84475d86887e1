import { beforeAll, describe, expect, test } from "bun:test";
import { join } from "node:path";
import { programPath } from "../harness/packages.ts";
import { withClient } from "../harness/redis.ts";
import { withSession } from "../harness/session.ts";
import { until } from "../harness/until.ts";
import { metricsOf } from "./metric-names.ts";
import { runbookCommands, runOwn } from "./runbook.ts";
import { PRIVATE, type Stand, startStand } from "./stand.ts";

const ROOT = join(import.meta.dir, "../..");
const ROLES = ["vertical", "relay", "engines"] as const;

let stand: Stand;
let product_id: string;
let customer_id: string;
const TRACE = "4bf92f3577b34da6a3ce929d0e0e4736";

beforeAll(async () => {
  await programPath("promtool");
  stand = await startStand();
  const traceparent = `00-${TRACE}-00f067aa0ba902b7-01`;
  const product = await stand.call(
    "POST",
    "/api/v1/products",
    { name: "Telha", unit: "UN", base_price: "3.20" },
    { traceparent },
  );
  product_id = String(product.body.id);
}, 90_000);

async function scrape(role: (typeof ROLES)[number]): Promise<string> {
  return await (await fetch(`http://127.0.0.1:${stand.platform.ports[role]}/metrics`)).text();
}

describe("one trace", () => {
  const find = async (service: string, name: string, trace = TRACE) =>
    await until(
      () =>
        stand.collector.spans.find((span) => span.trace_id === trace && span.service === service && span.name === name),
      { what: `the span ${name} of ${service}` },
    );

  test("goes from the request through the relay and an engine to what the engine brought about", async () => {
    const request = await find("basecommerce-vertical", "POST /api/v1/products");
    expect(request).toMatchObject({ parent_id: "00f067aa0ba902b7", kind: 2, status: 0 });
    expect(request.attributes).toMatchObject({ "http.route": "/api/v1/products", "http.response.status_code": "201" });
    const published = await find("basecommerce-relay", "publish product_created");
    const handled = await find("basecommerce-engines", "echo product_created");
    expect(published).toMatchObject({ parent_id: request.span_id, kind: 4 });
    expect(handled).toMatchObject({ parent_id: request.span_id, kind: 5 });
    expect(handled.attributes["messaging.message.id"]).toBe(published.attributes["messaging.message.id"] ?? "");
    const again = await find("basecommerce-relay", "publish echoed");
    const heard = await find("basecommerce-engines", "listener echoed");
    expect([again.parent_id, heard.parent_id]).toEqual([handled.span_id, handled.span_id]);
    const [event] = await withSession(
      stand.platform.database.urls.admin,
      (sql) => sql`select trace from event_log where event_type = 'product_created'`,
    );
    expect(event?.trace).toBe(`00-${TRACE}-${request.span_id}-01`);
  }, 30_000);

  test("goes from a request to an engine to what other engines hear of it", async () => {
    const trace = "5cf92f3577b34da6a3ce929d0e0e4737";
    const traceparent = `00-${trace}-00f067aa0ba902b8-01`;
    const said = await stand.call("POST", "/api/v1/engines/echo/say", { product_id: "of a person" }, { traceparent });
    expect(said).toMatchObject({ status: 200, body: { said: true } });
    const heard = await find("basecommerce-engines", "listener echoed", trace);
    const published = await find("basecommerce-relay", "publish echoed", trace);
    expect(published.parent_id).toBe(heard.parent_id ?? "");
    const rows = await withSession(
      stand.platform.database.urls.admin,
      (sql) => sql`select 1 from engine_listener.heard where product_id = 'of a person'`,
    );
    expect(rows).toHaveLength(1);
  }, 30_000);
});

describe("a shop's day in the log", () => {
  let lines: { role: string; line: string }[];

  beforeAll(async () => {
    const { call, platform, refresh_token } = stand;
    const { customer, company, cpf, cnpj, customer_email, phone, street, notes } = PRIVATE;
    await withSession(platform.database.urls.admin, async (sql) => {
      await sql`alter table customers add constraint none_such check (notes is distinct from 'refused')`;
    });
    await call("POST", "/auth/login", { email: PRIVATE.email, password: PRIVATE.wrong_password });
    await call("POST", "/auth/refresh", { refresh_token: `${refresh_token}x` });
    await call("POST", "/api/v1/users", {
      name: PRIVATE.admin_name,
      email: PRIVATE.email,
      password: `${stand.password}!`,
      role: "admin",
    });
    const address = { street, number: "7", district: "Centro", city: "Olinda", state: "PE", postal_code: "53010-000" };
    const person = { kind: "individual", name: customer, document: cpf, email: customer_email, phone, address, notes };
    const made = await call("POST", "/api/v1/customers", person);
    customer_id = String(made.body.id);
    expect(made.status).toBe(201);
    expect(
      (
        await call("POST", "/api/v1/customers", {
          kind: "company",
          name: company,
          document: cnpj,
          email: customer_email,
        })
      ).status,
    ).toBe(201);
    expect((await call("POST", "/api/v1/customers", person)).status).toBe(409);
    expect(
      (await call("POST", "/api/v1/customers", { ...person, document: `${cpf}0`, name: `${customer}\0` })).status,
    ).toBe(422);
    expect((await call("POST", "/api/v1/customers", `{"name": "${customer}", "email": `)).status).toBe(400);
    const broken = await call("POST", "/api/v1/customers", { ...person, document: null, notes: "refused" });
    expect(broken.status).toBe(500);
    await call("GET", `/api/v1/customers/${customer_email}?q=${encodeURIComponent(customer)}`);
    const order = await call("POST", "/api/v1/orders", { customer_id, notes, items: [{ product_id, quantity: 1 }] });
    expect(order.status).toBe(201);
    await stand.platform.programs.engines.line("event parked");
    await stand.platform.programs.vertical.line(broken.request_id);
    lines = ROLES.flatMap((role) => platform.programs[role].lines.map((line) => ({ role, line })));
  }, 60_000);

  test("is one JSON object for each line, and a failed request's has its id, shop and trace", () => {
    const failed = lines.map(({ line }) => JSON.parse(line)).filter(({ msg }) => msg === "request failed");
    expect(failed).toHaveLength(1);
    expect(failed[0]).toMatchObject({
      level: "error",
      request_id: expect.stringMatching(/^[\w-]{8,64}$/),
      tenant: "particular",
      trace: expect.stringMatching(/^00-[0-9a-f]{32}-[0-9a-f]{16}-01$/),
      path: "/api/v1/customers",
    });
    const requests = lines.map(({ line }) => JSON.parse(line)).filter(({ msg }) => msg === "request");
    expect(requests.length).toBeGreaterThan(5);
    for (const request of requests)
      expect(request).toMatchObject({ request_id: expect.any(String), trace: expect.any(String) });
  });

  test("names no person, nothing of one, and no secret; nor do traces", () => {
    const secrets = [
      ...Object.values(PRIVATE),
      stand.password,
      stand.access_token,
      stand.refresh_token,
      "52998224725",
      "11222333000181",
    ];
    const told = secrets.flatMap((secret) =>
      lines.filter(({ line }) => line.includes(secret)).map(({ role, line }) => ({ secret, role, line })),
    );
    expect(told).toEqual([]);
    expect(secrets.filter((secret) => stand.collector.text().includes(secret))).toEqual([]);
    // What the plugins wrote is there, without what they should not have written.
    const heard = lines.find(({ line }) => line.includes('"msg":"heard"'))?.line ?? "{}";
    expect(JSON.parse(heard)).toMatchObject({ engine: "echo", customer: { name: "[redacted]", email: "[redacted]" } });
    const parked = lines.find(({ line }) => line.includes('"msg":"event parked"'))?.line ?? "{}";
    expect(JSON.parse(parked).reason).toStartWith("cannot mail [redacted], CPF [redacted], about O-");
  });

  test("and an anonymized customer leaves a ledger that still verifies", async () => {
    await withSession(stand.platform.database.urls.admin, (sql) =>
      until(
        async () => {
          const rows = await sql`select from event_log join event_chain using (seq) where event_type = 'order_created'`;
          return rows.length === 1;
        },
        { what: "the order to be chained" },
      ),
    );
    expect((await stand.call("POST", `/api/v1/customers/${customer_id}/anonymize`)).status).toBe(200);
    const { code, out } = await runOwn(["verify", "--json"], stand.platform);
    expect(JSON.parse(out)).toMatchObject({ first: null, ledger: { anonymized: 1 } });
    expect(code).toBe(0);
  }, 30_000);
});

describe("metrics", () => {
  let scraped: Record<(typeof ROLES)[number], string>;

  beforeAll(async () => {
    await until(async () => /^basecommerce_engine_dead_events\{engine="echo"\} 1$/m.test(await scrape("engines")), {
      what: "the engines' counts",
    });
    await until(async () => /^basecommerce_engine_stopped_seconds\{engine="echo"\} /m.test(await scrape("relay")), {
      what: "the relay's look at the engines",
    });
    const texts = await Promise.all(ROLES.map(scrape));
    scraped = { vertical: texts[0] ?? "", relay: texts[1] ?? "", engines: texts[2] ?? "" };
  }, 30_000);

  test.each(ROLES.map((role) => [role] as const))(
    "of the role %s are named and typed by Prometheus' rules",
    async (role) => {
      const check = Bun.spawn([await programPath("promtool"), "check", "metrics"], {
        stdin: new Blob([scraped[role]]),
        stdout: "pipe",
        stderr: "pipe",
      });
      const [out, complaint] = await Promise.all([
        new Response(check.stdout).text(),
        new Response(check.stderr).text(),
      ]);
      expect({ out, complaint, code: await check.exited }).toEqual({ out: "", complaint: "", code: 0 });
    },
  );

  test("tell what happened", () => {
    expect(scraped.vertical).toMatch(
      /^http_request_duration_seconds_count\{method="POST",route="\/api\/v1\/products",status="201"\} 1$/m,
    );
    expect(scraped.vertical).toMatch(/^basecommerce_database_connections_max\{role="basecommerce_vertical"\} 10$/m);
    expect(scraped.vertical).toMatch(/^basecommerce_check_ok\{check="database"\} 1$/m);
    expect(scraped.relay).toMatch(/^basecommerce_relay_active 1$/m);
    expect(scraped.relay).toMatch(/^basecommerce_relay_published_total [1-9]/m);
    expect(scraped.engines).toMatch(/^basecommerce_engine_dead_events\{engine="echo"\} 1$/m);
    for (const role of ROLES)
      expect(scraped[role]).toMatch(/^basecommerce_build_info\{version="\d+\.\d+\.\d+",bun="[\d.]+"\} 1$/m);
  });

  test("are there for everything that alerts and dashboard ask for", async () => {
    const there = new Set(
      Object.values(scraped).flatMap((text) =>
        [...text.matchAll(/^([a-z_:][\w:]*)[{ ]/gm)].map(([, name]) => name ?? ""),
      ),
    );
    // These two are Prometheus' own.
    for (const name of ["up", "ALERTS"]) there.add(name);
    const asked = await metricsOf(ROOT);
    expect(asked.length).toBeGreaterThan(30);
    expect(asked.filter((name) => !there.has(name))).toEqual([]);
  });
});

test("tools for Redis see how far each engine is, as the lag of a group", async () => {
  const groups = () =>
    withClient(stand.platform.redis.url, async (client) => {
      const keys = (await client.keys("events:construction:*")).sort();
      const found = await Promise.all(keys.map((key) => client.xinfo("GROUPS", key)));
      return JSON.stringify(found).includes("engine:stock");
    });
  await until(groups, { what: "engines to be seen", timeout: 15_000 });
}, 30_000);

test("every command of docs/alerts.md runs", async () => {
  const commands = await runbookCommands(join(ROOT, "docs/alerts.md"), stand.platform);
  expect(commands.length).toBeGreaterThan(15);
  expect(commands.filter(({ code, out }) => code !== 0 || out === "")).toEqual([]);
}, 90_000);
