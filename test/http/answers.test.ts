import { beforeAll, expect, test } from "bun:test";
import { DrizzleQueryError } from "drizzle-orm";
import { type AnyElysia, t } from "elysia";
import { shape } from "../../src/platform/http/shape.ts";
import { type Edge, LIMIT, startEdge } from "./edge.ts";

let edge: Edge;
let token: string;
const SECRET = "hunter2-hunter2";

class ServerError extends Error {
  constructor(
    readonly code: string,
    message: string,
    readonly detail: string,
  ) {
    super(message);
  }
}

beforeAll(async () => {
  const failing = new ServerError("23514", "new row violates check", `Failing row contains (${SECRET})`);
  edge = await startEdge(
    (app: AnyElysia) =>
      app
        .get("/throws", () => {
          throw new Error("something of ours broke");
        })
        .get("/database", () => {
          throw new DrizzleQueryError("insert into users", [SECRET], failing);
        })
        .get("/value", () => {
          throw new ServerError("22012", `invalid input: "${SECRET}"`, SECRET);
        })
        .get("/text", ({ query }) => {
          throw new ServerError("22021", `invalid byte sequence ${query.q}`, "");
        })
        .get("/server-code", ({ query }) => {
          throw new ServerError(query.code ?? "", `out of range: "${SECRET}"`, SECRET);
        })
        .get("/lost", () => {
          throw new ServerError("57P01", "terminating connection", "");
        })
        .get("/wrong-answer", () => ({ name: "x", password_hash: SECRET }), {
          response: { 200: shape({ name: t.String() }) },
        })
        .post("/login", () => "in", {
          body: shape({
            password: t.String({ maxLength: 5 }),
            kind: t.Optional(t.Union([t.Literal("a"), t.Literal("b")])),
            inner: t.Optional(shape({ list: t.Array(shape({ x: t.Number() })) })),
          }),
        })
        .get("/things/:id", () => "thing", { params: shape({ id: t.String({ format: "uuid" }) }) })
        .get("/list", ({ query }) => query, {
          query: shape({ limit: t.Optional(t.Integer({ minimum: 1, maximum: 200 })) }),
        }),
    { cors_origins: ["https://app.example"] },
  );
  token = await edge.token();
});

const post = (body: string, headers: Record<string, string> = { "content-type": "application/json" }) =>
  edge.fetch("/login", { method: "POST", token, body, headers });

test("an unexpected error says nothing to the client, and names its request in the log", async () => {
  edge.lines.length = 0;
  const answer = await edge.fetch("/throws", { token });
  const text = await answer.text();
  expect(answer.status).toBe(500);
  expect(answer.headers.get("content-type")).toBe("application/problem+json");
  expect(text).not.toContain("broke");
  const { request_id } = JSON.parse(text);
  expect(answer.headers.get("x-request-id")).toBe(request_id);
  const line = edge.lines.find((each) => each.includes("request failed"));
  expect(line).toContain(request_id);
  expect(line).toContain("something of ours broke");
});

test("what a database says of values goes neither to the client nor into the log", async () => {
  edge.lines.length = 0;
  for (const path of ["/database", "/value", "/wrong-answer"]) {
    const answer = await edge.fetch(path, { token });
    expect({ path, status: answer.status }).toEqual({ path, status: 500 });
    expect(await answer.text()).not.toContain(SECRET);
  }
  const log = edge.lines.join("");
  expect(log).not.toContain(SECRET);
  expect(log).toContain("23514");
  expect(log).toContain("new row violates check");
});

test("text that cannot be stored is 422, a lost connection 503 with Retry-After", async () => {
  expect((await edge.fetch("/text?q=%00", { token })).status).toBe(422);
  const lost = await edge.fetch("/lost", { token });
  expect(lost.status).toBe(503);
  expect(lost.headers.get("retry-after")).toBe("1");
});

test("a value out of the database's range is 422 and is not repeated", async () => {
  for (const code of ["22001", "22003", "22007", "22008", "22009", "22015"]) {
    const answer = await edge.fetch(`/server-code?code=${code}`, { token });
    expect({ code, status: answer.status }).toEqual({ code, status: 422 });
    expect(await answer.text()).not.toContain(SECRET);
  }
});

test("a 422 names the place and never the value", async () => {
  edge.lines.length = 0;
  const answer = await post(JSON.stringify({ password: SECRET, kind: "c" }));
  const text = await answer.text();
  expect(answer.status).toBe(422);
  expect(text).not.toContain(SECRET);
  expect(JSON.parse(text).errors).toContainEqual({ path: "/kind", message: "must be a or b" });
  expect(JSON.parse(text).errors.map(({ path }: { path: string }) => path)).toContain("/password");
  expect(edge.lines.join("")).not.toContain(SECRET);
});

test("an unknown field is 422 at every depth, in a query too", async () => {
  const bodies = [
    { password: "1", extra: 1 },
    { password: "1", inner: { list: [], extra: 1 } },
    { password: "1", inner: { list: [{ x: 1, extra: 1 }] } },
  ];
  for (const body of bodies) expect((await post(JSON.stringify(body))).status).toBe(422);
  expect((await post(JSON.stringify({ password: "1", inner: { list: [{ x: 1 }] } }))).status).toBe(200);
  expect((await edge.fetch("/list?unknown=1", { token })).status).toBe(422);
});

test("a query that gives a field twice is 422, and a body is JSON however its type is written", async () => {
  const twice = await edge.fetch("/list?limit=1&limit=2", { token });
  expect([twice.status, await twice.json()]).toMatchObject([422, { errors: [{ path: "/limit" }] }]);
  const small = await edge.fetch("/list?limit=0", { token });
  expect(await small.json()).toMatchObject({ status: 422, detail: expect.not.stringContaining("body") });
  expect((await post('{"password":"1"}', { "content-type": "Application/JSON; charset=UTF-8" })).status).toBe(200);
});

test("what a body's parser refuses keeps its status", async () => {
  const cases: [string, number][] = [
    ['{"password":"a\\u0000"}', 422],
    ['{"password":"1","password":"2"}', 422],
    ["{", 400],
    [JSON.stringify({ password: "x".repeat(LIMIT) }), 413],
  ];
  for (const [body, status] of cases) {
    const answer = await post(body);
    expect({ body: body.slice(0, 40), status: answer.status }).toEqual({ body: body.slice(0, 40), status });
    expect(answer.headers.get("content-type")).toBe("application/problem+json");
  }
  expect((await post("password=1", { "content-type": "application/x-www-form-urlencoded" })).status).toBe(415);
  expect((await edge.fetch("/login", { method: "POST", token })).status).toBe(422);
});

test("a body that does not say how large it is is 413 as well", async () => {
  const head = `POST /login HTTP/1.1\r\nHost: casa-verde.shops.example\r\nAuthorization: Bearer ${token}\r\nConnection: close\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n`;
  for (const length of [LIMIT + 100, 20 * LIMIT]) {
    const body = `"${"x".repeat(length - 2)}"`;
    const answer = await edge.raw(`${head}${length.toString(16)}\r\n${body}\r\n0\r\n\r\n`);
    expect(answer.slice(0, 12)).toBe("HTTP/1.1 413");
  }
});

test("a malformed id or number is 422, never 500", async () => {
  for (const path of [
    "/things/1",
    "/things/%ff",
    "/things/%00",
    "/things/%2e%2e%2f",
    "/list?limit=x",
    "/list?limit=201",
  ]) {
    const answer = await edge.fetch(path, { token });
    expect({ path, status: answer.status }).toEqual({ path, status: 422 });
  }
});

test("a browser of a named origin can read every answer, also an error; of another, none", async () => {
  const answers = (origin: string) => [
    edge.fetch("/throws", { token, headers: { origin } }),
    edge.fetch("/nothing", { token, headers: { origin } }),
    edge.fetch("/list", { headers: { origin } }),
    edge.fetch("/list?limit=x", { token, headers: { origin } }),
    edge.fetch("/list", { token, headers: { origin } }),
    edge.fetch("/list", { method: "OPTIONS", headers: { origin, "access-control-request-method": "POST" } }),
    edge.fetch("/login", {
      method: "POST",
      token,
      body: "x".repeat(LIMIT + 1),
      headers: { origin, "content-type": "application/json" },
    }),
  ];
  const named = await Promise.all(answers("https://app.example"));
  expect(named.map(({ status }) => status)).toEqual([500, 404, 401, 422, 200, 204, 413]);
  for (const answer of named) {
    expect(answer.headers.get("access-control-allow-origin")).toBe("https://app.example");
    expect(answer.headers.get("vary")).toContain("Origin");
  }
  for (const origin of ["https://evil.example", "null", "http://app.example", "https://app.example.evil.example"]) {
    for (const answer of await Promise.all(answers(origin))) {
      expect(answer.headers.get("access-control-allow-origin")).toBeNull();
    }
  }
});

test("the status that is measured is the one that was sent", async () => {
  await edge.fetch("/nothing");
  await edge.fetch("/nothing", { headers: { host: "elsewhere.example" } });
  await edge.fetch("/nothing", { token });
  await edge.fetch("/nothing", { method: "OPTIONS" });
  const metrics = await (await edge.fetch("/metrics")).text();
  for (const status of ["401", "421", "404"]) {
    expect(metrics).toContain(`http_request_duration_seconds_count{method="GET",route="(none)",status="${status}"}`);
  }
  expect(metrics).not.toContain('route="(none)",status="200"');
});

test("no route returns an error with the framework's status(): that one passes by the one place that maps errors", async () => {
  const found: string[] = [];
  for await (const path of new Bun.Glob("src/**/*.ts").scan(`${import.meta.dir}/../..`)) {
    const source = await Bun.file(`${import.meta.dir}/../../${path}`).text();
    if (/\bstatus\(\s*[45]\d\d/.test(source)) found.push(path);
  }
  expect(found).toEqual([]);
});
