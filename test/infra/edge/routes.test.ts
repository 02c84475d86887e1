import { beforeAll, describe, expect, test } from "bun:test";
import { type Edge, exchange } from "../../harness/edge.ts";
import { echo, get, SHOP, scene } from "./client.ts";

let edge: Edge;
let arrived: () => number;
beforeAll(async () => {
  ({ edge, arrived } = await scene());
}, 60_000);

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
    const before = arrived();
    const answer = await exchange(edge.port, `GET ${path} HTTP/1.1\r\nHost: ${SHOP}\r\nConnection: close\r\n\r\n`);
    expect(answer).toStartWith("HTTP/1.1 404 ");
    expect(answer).not.toContain('"name":');
    expect(arrived()).toBe(before);
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
    const before = arrived();
    const answer = await post(path, limit * MB + 1);
    expect(answer.status).toBe(413);
    expect(answer.headers.get("content-type")).toBe("application/problem+json");
    expect(arrived()).toBe(before);
  });
});
