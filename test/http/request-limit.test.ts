import { expect, test } from "bun:test";
import { startEdge } from "./edge.ts";

test("a shop that sends more than it may is told so and when to come back; another is not held up", async () => {
  const edge = await startEdge((app) => app.get("/open", () => "open"), {
    request_limit: { requests: 3, window_seconds: 60 },
  });
  for (const left of [2, 1, 0]) {
    const answer = await edge.fetch("/open");
    expect(answer.status).toBe(200);
    expect(answer.headers.get("ratelimit-policy")).toBe('"shop";q=3;w=60');
    expect(answer.headers.get("ratelimit")).toMatch(new RegExp(`^"shop";r=${left};t=\\d+$`));
  }
  const over = await edge.fetch("/open");
  expect(over.status).toBe(429);
  expect(over.headers.get("content-type")).toBe("application/problem+json");
  expect(over.headers.get("ratelimit")).toStartWith('"shop";r=0;');
  expect(Number(over.headers.get("retry-after"))).toBeWithin(1, 61);
  expect((await edge.fetch("/open", { slug: "outra" })).status).toBe(200);
  expect((await edge.fetch("/health")).status).toBe(200);
});

test("an error tells the limit too", async () => {
  const edge = await startEdge((app) => app);
  const answer = await edge.fetch("/nothing", { token: await edge.token() });
  expect(answer.status).toBe(404);
  expect(answer.headers.get("ratelimit")).toStartWith('"shop";r=');
});
