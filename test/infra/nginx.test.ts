import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { type Edge, exchange, freePort, startEdge } from "./edge.ts";
import { type Echo, type StandIn, startDeserter, startStandIn } from "./stand-in.ts";

const SHOP = "demo.basecommerce.example";
const started: { stop(): Promise<void> }[] = [];

function kept<T extends { stop(): Promise<void> }>(part: T): T {
  started.push(part);
  return part;
}

afterAll(async () => {
  await Promise.all(started.map((part) => part.stop()));
});

function get(edge: Edge, path: string, init: RequestInit & { headers?: Record<string, string> } = {}) {
  return fetch(`http://127.0.0.1:${edge.port}${path}`, { ...init, headers: { host: SHOP, ...init.headers } });
}

async function echo(answer: Response): Promise<Echo> {
  expect(answer.status).toBe(200);
  return (await answer.json()) as Echo;
}

let vertical: StandIn;
let engines: StandIn;
let edge: Edge;

beforeAll(async () => {
  vertical = kept(startStandIn("vertical"));
  engines = kept(startStandIn("engines"));
  edge = kept(await startEdge({ verticals: [vertical.port], engines: [engines.port] }));
});

describe("which shop a request is for", () => {
  test.each([
    "demo.basecommerce.example",
    "DEMO.BaseCommerce.Example",
    "demo.basecommerce.example.",
    "demo.basecommerce.example:8080",
    "demo.localhost",
  ])("Host %s is the shop demo", async (host) => {
    const { headers } = await echo(await get(edge, "/tenant.json", { headers: { host } }));
    expect(headers["x-tenant-slug"]).toBe("demo");
  });

  test("what the client claims is overwritten, however often and in whatever spelling it says so", async () => {
    const answer = await exchange(
      edge.port,
      `GET /tenant.json HTTP/1.1\r\nHost: ${SHOP}\r\nX-Tenant-Slug: other\r\nx-tenant-slug: another\r\n` +
        "X_Tenant_Slug: third\r\nConnection: close\r\n\r\n",
    );
    expect(answer).toContain('"x-tenant-slug":"demo"');
    expect(answer).not.toMatch(/other|third/);
  });

  test.each([
    "basecommerce.example",
    "a.demo.basecommerce.example",
    "de.basecommerce.example",
    "-demo.basecommerce.example",
    "demo_.basecommerce.example",
    `${"a".repeat(64)}.basecommerce.example`,
    "demo.basecommerce.example.evil.com",
    "demo.basecommercexexample",
    "evil.com",
    "localhost",
    "127.0.0.1",
  ])("Host %s is nobody's: the connection is closed without an answer", async (host) => {
    const before = vertical.arrived.length;
    const request = `GET /health HTTP/1.1\r\nHost: ${host}\r\nX-Tenant-Slug: demo\r\nConnection: close\r\n\r\n`;
    expect(await exchange(edge.port, request)).toBe("");
    expect(vertical.arrived.length).toBe(before);
  });

  test("a request without a Host is nobody's", async () => {
    expect(await exchange(edge.port, "GET /health HTTP/1.0\r\nX-Tenant-Slug: demo\r\n\r\n")).toBe("");
  });

  test("the host of an absolute request line decides over a Host that differs", async () => {
    const request = `GET http://${SHOP}/x HTTP/1.1\r\nHost: other.basecommerce.example\r\nConnection: close\r\n\r\n`;
    const answer = await exchange(edge.port, request);
    expect(answer).toContain('"x-tenant-slug":"demo"');
    expect(answer).toContain(`"host":"${SHOP}"`);
  });

  test("render.sh puts in another domain, with its dots taken literally", async () => {
    const own = kept(
      await startEdge({ verticals: [vertical.port], engines: [engines.port], domain: "shops.example.org" }),
    );
    const { headers } = await echo(await get(own, "/", { headers: { host: "demo.shops.example.org" } }));
    expect(headers["x-tenant-slug"]).toBe("demo");
    for (const host of ["demo.shopsxexample.org", "demo.basecommerce.example"]) {
      expect(await exchange(own.port, `GET / HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`)).toBe("");
    }
    const nonsense = startEdge({ verticals: [1], engines: [1], domain: "a/b;c" });
    await expect(nonsense).rejects.toThrow("not a domain");
  });
});

describe("what the platform is told about a client", () => {
  test("its address, the request id and the scheme come from the edge alone", async () => {
    const answer = await get(edge, "/auth/me?x=1", {
      headers: {
        "x-request-id": "chosen-by-client",
        "x-forwarded-for": "10.0.0.1",
        "x-forwarded-proto": "https",
        "x-forwarded-host": "evil.com",
        "x-real-ip": "10.0.0.1",
        forwarded: "for=10.0.0.1",
        authorization: "Bearer token",
      },
    });
    const { headers, path } = await echo(answer);
    expect(path).toBe("/auth/me?x=1");
    expect(headers["x-request-id"]).toMatch(/^[0-9a-f]{32}$/);
    expect(answer.headers.get("x-request-id")).toBe(headers["x-request-id"] ?? "");
    expect(headers).toMatchObject({
      host: SHOP,
      "x-forwarded-for": "127.0.0.1",
      "x-forwarded-proto": "http",
      "x-forwarded-host": SHOP,
      authorization: "Bearer token",
    });
    expect(headers).not.toHaveProperty("forwarded");
    expect(headers).not.toHaveProperty("x-real-ip");
  });

  test("every answer carries the security headers, once", async () => {
    for (const path of ["/health", "/api/v1/engines", "/metrics"]) {
      const { headers } = await get(edge, path);
      expect(headers.get("x-content-type-options")).toBe("nosniff");
      expect(headers.get("x-frame-options")).toBe("DENY");
      expect(headers.get("content-security-policy")).toBe("frame-ancestors 'none'");
      expect(headers.get("referrer-policy")).toBe("no-referrer");
      expect(headers.get("server")).toBe("nginx");
      expect(headers.get("retry-after")).toBeNull();
    }
  });

  test.each(["gzip", "identity"])("an answer of JSON for those who read %s", async (encoding) => {
    const head = `GET / HTTP/1.1\r\nHost: ${SHOP}\r\nConnection: close\r\nX-Large: ${"x".repeat(4000)}\r\n`;
    const answer = await exchange(edge.port, `${head}Accept-Encoding: ${encoding}\r\n\r\n`);
    expect(answer).toContain("Vary: Accept-Encoding\r\n");
    expect(answer.includes("Content-Encoding: gzip\r\n")).toBe(encoding === "gzip");
    expect(answer.length < 4000).toBe(encoding === "gzip");
  });
});

describe("who serves a path", () => {
  test.each([
    ["/api/v1/engines", "engines"],
    ["/api/v1/engines?x=1", "engines"],
    ["/api/v1/engines/", "engines"],
    ["/api/v1/engines/stock/alerts", "engines"],
    ["/api/v1/engines/delivery/deliveries/1/proof", "engines"],
    ["/api/v1/enginesX", "vertical"],
    ["/api/v1/engines-old/x", "vertical"],
    ["/api/v1/orders", "vertical"],
    ["/auth/login", "vertical"],
    ["/health", "vertical"],
    ["/", "vertical"],
  ])("%s: %s", async (path, name) => {
    expect(await echo(await get(edge, path))).toMatchObject({ name, path });
  });

  // The second column is how a URL may be spelled that a server behind reads as the first.
  test.each([
    "/metrics",
    "/metrics/",
    "/metrics?x=1",
    "/ready",
    "/ready/",
    "//ready",
    "/./metrics",
    "/x/../metrics",
    "/x/%2e%2e/metrics",
    "/met%72ics",
    "/metrics#x",
    "/x\\..\\metrics",
    "/metrics\\",
    "/operator",
    "/operator/engines",
    "/api/v1/operator",
    "/api/v1/operator/engines/stock/replay",
    "/api/v1/engines/../operator/x",
    "/api/v1/engines\\..\\operator\\x",
  ])("%s is not reachable from outside", async (path) => {
    const before = vertical.arrived.length + engines.arrived.length;
    const answer = await exchange(edge.port, `GET ${path} HTTP/1.1\r\nHost: ${SHOP}\r\nConnection: close\r\n\r\n`);
    expect(answer).toStartWith("HTTP/1.1 404 ");
    expect(answer).not.toContain('"name":');
    expect(vertical.arrived.length + engines.arrived.length).toBe(before);
  });

  test("what is no readable HTTP is answered where the shop is known, and cut off where it is not", async () => {
    const head = `GET / HTTP/1.1\r\nHost: ${SHOP}\r\n`;
    for (const rest of ["Content-Length: x\r\n\r\n", `X-Large: ${"x".repeat(9000)}\r\n\r\n`]) {
      const answer = await exchange(edge.port, head + rest);
      expect(answer).toStartWith("HTTP/1.1 400 ");
      expect(answer).toContain("urn:basecommerce:problem:malformed");
    }
    expect(await exchange(edge.port, "\\metrics\r\n\r\n")).toBe("");
    expect(await exchange(edge.port, `GET \\metrics HTTP/1.1\r\nHost: ${SHOP}\r\n\r\n`)).toBe("");
    expect((await get(edge, "/.edge/unreadable")).status).toBe(404);
  });

  test("a backslash in a query is the platform's business", async () => {
    const answer = await exchange(edge.port, `GET /x?q=a\\b HTTP/1.1\r\nHost: ${SHOP}\r\nConnection: close\r\n\r\n`);
    expect(answer).toStartWith("HTTP/1.1 200");
  });

  test("what the edge refuses has the platform's shape of errors", async () => {
    const answer = await get(edge, "/metrics");
    expect(answer.status).toBe(404);
    expect(answer.headers.get("content-type")).toBe("application/problem+json");
    expect(await answer.json()).toEqual({
      type: "urn:basecommerce:problem:not_found",
      title: "Not Found",
      status: 404,
      detail: expect.any(String),
      request_id: answer.headers.get("x-request-id"),
    });
  });
});

describe("bodies", () => {
  const MB = 1024 * 1024;
  const proof = "/api/v1/engines/delivery/deliveries/0190d5b2-0000-7000-8000-000000000000/proof";
  const post = (path: string, bytes: number) => get(edge, path, { method: "POST", body: new Uint8Array(bytes) });

  test.each([
    ["/api/v1/orders", 1],
    ["/api/v1/engines/stock/settings", 1],
    [proof, 8],
  ])("%s takes %d MB and no more", async (path, limit) => {
    expect((await echo(await post(path, limit * MB))).bytes).toBe(limit * MB);
    const before = vertical.arrived.length + engines.arrived.length;
    const answer = await post(path, limit * MB + 1);
    expect(answer.status).toBe(413);
    expect(answer.headers.get("content-type")).toBe("application/problem+json");
    expect(vertical.arrived.length + engines.arrived.length).toBe(before);
  });
});

describe("servers that fail", () => {
  test("with one of two dead, every request is answered, a POST by being sent once", async () => {
    const alive = kept(startStandIn("alive"));
    const own = kept(await startEdge({ verticals: [await freePort(), alive.port], engines: [engines.port] }));
    for (let i = 0; i < 10; i++) {
      await echo(await get(own, `/get/${i}`));
      await echo(await get(own, `/post/${i}`, { method: "POST", body: "{}" }));
    }
    expect(alive.arrived).toHaveLength(20);
    expect(new Set(alive.arrived).size).toBe(20);
  });

  test("a server that dies between requests costs none of them", async () => {
    const [first, second] = [kept(startStandIn("first")), kept(startStandIn("second"))];
    const own = kept(await startEdge({ verticals: [first.port, second.port], engines: [engines.port] }));
    const names = new Set<string>();
    for (let i = 0; i < 4; i++) names.add((await echo(await get(own, "/"))).name);
    expect(names).toEqual(new Set(["first", "second"]));
    await first.stop();
    for (let i = 0; i < 10; i++) expect((await echo(await get(own, "/"))).name).toBe("second");
  });

  test("a GET broken off half-way is asked of the other server", async () => {
    const deserter = kept(startDeserter());
    const alive = kept(startStandIn("alive"));
    const own = kept(await startEdge({ verticals: [deserter.port, alive.port], engines: [engines.port] }));
    for (let i = 0; i < 4; i++) expect((await echo(await get(own, "/"))).name).toBe("alive");
    expect(deserter.arrived.length).toBeGreaterThan(0);
  });

  test.each(["POST", "PATCH"])("a %s broken off half-way is not sent again: 502", async (method) => {
    const [first, second] = [kept(startDeserter()), kept(startDeserter())];
    const own = kept(await startEdge({ verticals: [first.port, second.port], engines: [engines.port] }));
    const answer = await get(own, "/api/v1/orders", { method, body: "{}" });
    expect(answer.status).toBe(502);
    expect(answer.headers.get("content-type")).toBe("application/problem+json");
    expect([...first.arrived, ...second.arrived]).toEqual([`${method} /api/v1/orders`]);
  });

  test("errors of the platform pass as they are, and do not count as a dead server", async () => {
    const problem = JSON.stringify({ type: "urn:basecommerce:problem:unavailable", status: 503 });
    const failing = kept(
      startStandIn("failing", () => new Response(problem, { status: 503, headers: { "retry-after": "1" } })),
    );
    const own = kept(await startEdge({ verticals: [vertical.port], engines: [failing.port, failing.port] }));
    for (let i = 0; i < 10; i++) {
      const answer = await get(own, "/api/v1/engines/stock/alerts");
      expect(answer.status).toBe(503);
      expect(answer.headers.get("retry-after")).toBe("1");
      expect(await answer.text()).toBe(problem);
    }
    expect(failing.arrived).toHaveLength(10);
  });
});

describe("guessing passwords", () => {
  const login = (own: Edge, path: string) => get(own, path, { method: "POST", body: "{}" });

  test("after some logins from one address more are refused, and only logins", async () => {
    const own = kept(await startEdge({ verticals: [vertical.port], engines: [engines.port] }));
    const before = vertical.arrived.length;
    const statuses: number[] = [];
    // Spellings that a router may take for the same path count together.
    for (const path of ["/auth/login", "/auth/login/", "/auth/logi%6e", "/auth//login"]) {
      for (let i = 0; i < 5; i++) statuses.push((await login(own, path)).status);
    }
    const passed = statuses.filter((status) => status === 200).length;
    // A burst of 10 and the first; one more for each 3 s that the test may have taken.
    expect(passed).toBeGreaterThanOrEqual(11);
    expect(passed).toBeLessThan(15);
    expect(statuses.filter((status) => status === 429)).toHaveLength(20 - passed);
    expect(vertical.arrived.length - before).toBe(passed);

    const refused = await login(own, "/auth/login");
    expect(refused.status).toBe(429);
    expect(refused.headers.get("retry-after")).toBe("3");
    expect(refused.headers.get("content-type")).toBe("application/problem+json");
    expect(await refused.json()).toMatchObject({ type: "urn:basecommerce:problem:too_many_requests", status: 429 });

    expect((await get(own, "/auth/login", { method: "OPTIONS" })).status).toBe(200);
    expect((await login(own, "/auth/refresh")).status).toBe(200);
    expect(await own.errorLog()).not.toContain("limiting requests");
  });

  test("a refusal by the platform keeps its own Retry-After", async () => {
    const strict = kept(
      startStandIn("strict", () => new Response("{}", { status: 429, headers: { "retry-after": "60" } })),
    );
    const own = kept(await startEdge({ verticals: [strict.port], engines: [engines.port] }));
    expect((await login(own, "/auth/login")).headers.get("retry-after")).toBe("60");
  });
});

test("the access log is JSON and holds neither query strings nor tokens", async () => {
  const answer = await get(edge, "/api/v1/orders?cursor=secret-1", {
    headers: {
      authorization: "Bearer secret-2",
      cookie: "a=secret-3",
      referer: "http://x/?t=secret-4",
      "user-agent": 'a"b',
    },
  });
  const id = answer.headers.get("x-request-id") ?? "none";
  let log = "";
  while (!log.includes(id)) log = await edge.accessLog();
  expect(log).not.toContain("secret");
  const line = log.split("\n").find((text) => text.includes(id)) ?? "";
  expect(JSON.parse(line)).toMatchObject({
    tenant: "demo",
    host: SHOP,
    method: "GET",
    path: "/api/v1/orders",
    status: 200,
    user_agent: 'a"b',
    request_id: id,
    request_time: expect.any(Number),
  });
});
