import { beforeAll, describe, expect, test } from "bun:test";
import { type Edge, startEdge } from "../../harness/edge.ts";
import { get, SHOP, scene } from "./client.ts";
import { type StandIn, startStandIn } from "./stand-in.ts";

let edge: Edge;
let vertical: StandIn;
let engines: StandIn;
beforeAll(async () => {
  ({ edge, vertical, engines } = await scene());
}, 60_000);

describe("guessing passwords", () => {
  const login = (own: Edge, path: string) => get(own, path, { method: "POST", body: "{}" });

  test("after some logins from one address more are refused, and only logins", async () => {
    const own = await startEdge({ verticals: [vertical.port], engines: [engines.port] });
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
    expect(await own.nginx.errorLog()).not.toContain("limiting requests");
  });

  test("a refusal by the platform keeps its own Retry-After", async () => {
    const strict = startStandIn("strict", () => new Response("{}", { status: 429, headers: { "retry-after": "60" } }));
    const own = await startEdge({ verticals: [strict.port], engines: [engines.port] });
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
  while (!log.includes(id)) log = await edge.nginx.accessLog();
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
