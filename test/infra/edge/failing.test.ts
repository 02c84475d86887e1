import { beforeAll, describe, expect, test } from "bun:test";
import { startEdge } from "../../harness/edge.ts";
import { freePort } from "../../harness/ports.ts";
import { echo, get, scene } from "./client.ts";
import { type StandIn, startDeserter, startStandIn } from "./stand-in.ts";

let vertical: StandIn;
let engines: StandIn;
beforeAll(async () => {
  ({ vertical, engines } = await scene());
}, 60_000);

describe("servers that fail", () => {
  test("with one of two dead, every request is answered, a POST by being sent once", async () => {
    const alive = startStandIn("alive");
    const own = await startEdge({ verticals: [freePort(), alive.port], engines: [engines.port] });
    for (let i = 0; i < 10; i++) {
      await echo(await get(own, `/get/${i}`));
      await echo(await get(own, `/post/${i}`, { method: "POST", body: "{}" }));
    }
    expect(alive.arrived).toHaveLength(20);
    expect(new Set(alive.arrived).size).toBe(20);
  });

  test("a server that dies between requests costs none of them", async () => {
    const [first, second] = [startStandIn("first"), startStandIn("second")];
    const own = await startEdge({ verticals: [first.port, second.port], engines: [engines.port] });
    const names = new Set<string>();
    for (let i = 0; i < 4; i++) names.add((await echo(await get(own, "/"))).name);
    expect(names).toEqual(new Set(["first", "second"]));
    await first.stop();
    for (let i = 0; i < 10; i++) expect((await echo(await get(own, "/"))).name).toBe("second");
  });

  test("a GET broken off half-way is asked of the other server", async () => {
    const deserter = startDeserter();
    const alive = startStandIn("alive");
    const own = await startEdge({ verticals: [deserter.port, alive.port], engines: [engines.port] });
    for (let i = 0; i < 4; i++) expect((await echo(await get(own, "/"))).name).toBe("alive");
    expect(deserter.arrived.length).toBeGreaterThan(0);
  });

  test.each(["POST", "PATCH"])("a %s broken off half-way is not sent again: 502", async (method) => {
    const [first, second] = [startDeserter(), startDeserter()];
    const own = await startEdge({ verticals: [first.port, second.port], engines: [engines.port] });
    const answer = await get(own, "/api/v1/orders", { method, body: "{}" });
    expect(answer.status).toBe(502);
    expect(answer.headers.get("content-type")).toBe("application/problem+json");
    expect([...first.arrived, ...second.arrived]).toEqual([`${method} /api/v1/orders`]);
  });

  test("errors of the platform pass as they are, and do not count as a dead server", async () => {
    const problem = JSON.stringify({ type: "urn:basecommerce:problem:unavailable", status: 503 });
    const failing = startStandIn(
      "failing",
      () => new Response(problem, { status: 503, headers: { "retry-after": "1" } }),
    );
    const own = await startEdge({ verticals: [vertical.port], engines: [failing.port, failing.port] });
    for (let i = 0; i < 10; i++) {
      const answer = await get(own, "/api/v1/engines/stock/alerts");
      expect(answer.status).toBe(503);
      expect(answer.headers.get("retry-after")).toBe("1");
      expect(await answer.text()).toBe(problem);
    }
    expect(failing.arrived).toHaveLength(10);
  });
});
