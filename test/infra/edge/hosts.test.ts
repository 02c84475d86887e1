import { beforeAll, describe, expect, test } from "bun:test";
import { type Edge, exchange, startEdge } from "../../harness/edge.ts";
import { echo, get, SHOP, scene } from "./client.ts";
import type { StandIn } from "./stand-in.ts";

let edge: Edge;
let vertical: StandIn;
let engines: StandIn;
beforeAll(async () => {
  ({ edge, vertical, engines } = await scene());
}, 60_000);

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
    const own = await startEdge({ verticals: [vertical.port], engines: [engines.port], domain: "shops.example.org" });
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
