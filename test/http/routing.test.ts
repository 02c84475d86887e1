import { beforeAll, describe, expect, test } from "bun:test";
import type { AnyElysia } from "elysia";
import { memberContext } from "../../src/platform/http/context.ts";
import { type Edge, OTHER_TENANT_ID, startEdge } from "./edge.ts";

let edge: Edge;
let token: string;
/** What reached a route, by its path. */
const reached: string[] = [];

beforeAll(async () => {
  const note = (path: string) => () => {
    reached.push(path);
    return { path };
  };
  edge = await startEdge((app: AnyElysia) =>
    app
      .get("/open", note("/open"))
      .get("/docs", note("/docs"))
      .get("/private", note("/private"))
      .get("/private/open", note("/private/open"))
      .get("/xx/private", note("/xx/private"))
      .options("/private", note("OPTIONS /private"))
      // Registered before any plugin that guards, and without one: the gate stands before all the same.
      .post("/unguarded", note("/unguarded"))
      .use(memberContext)
      .get("/who", ({ actor, tenant }) => ({ role: actor.role, slug: tenant.slug })),
  );
  token = await edge.token();
});

const get = (target: string, host: string, more = "") =>
  edge.raw(`GET ${target} HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n${more}\r\n`);
const statusOf = (answer: string) => Number(answer.split(" ")[1]);

describe("without a token", () => {
  test("only the public list is open; everything else is 401, whether a route is there or not", async () => {
    for (const path of ["/private", "/private/open", "/who", "/nothing", "/", "/api/v1/anything"]) {
      const answer = await edge.fetch(path);
      expect({ path, status: answer.status }).toEqual({ path, status: 401 });
      expect(answer.headers.get("www-authenticate")).toBe("Bearer");
    }
    expect((await edge.fetch("/open")).status).toBe(200);
    expect((await edge.fetch("/docs", { slug: null })).status).toBe(200);
  });

  test("each of the app's routes is public or 401, by every method", async () => {
    const known = new Set(["/open", "/docs", "/health", "/ready", "/metrics"]);
    for (const { method, path } of edge.app.routes) {
      if (known.has(path) || method === "OPTIONS") continue;
      const answer = await edge.fetch(path, { method });
      expect({ method, path, status: answer.status }).toEqual({ method, path, status: 401 });
    }
  });

  test("no other way of writing a private path is public", async () => {
    reached.length = 0;
    const host = "casa-verde.shops.example";
    const targets = [
      "/private/",
      "//private",
      "/open/../private",
      "/open/%2e%2e/private",
      "/open%2f..%2fprivate",
      "/%70rivate",
      "/private%00/open",
      "/private;/open",
      "/private?/open",
      "/private#/open",
      "/open/",
      "//open",
      "/OPEN",
      "/o%70en",
      "\\open",
      `http://${host}/private`,
      "http://evil.example/private",
    ];
    for (const target of targets) {
      const status = statusOf(await get(target, host));
      expect({ target, refused: status === 401 || status === 400 }).toEqual({ target, refused: true });
    }
    expect(reached).toEqual([]);
  });

  test("HEAD asks for a token as GET does, and OPTIONS reaches no route", async () => {
    reached.length = 0;
    expect((await edge.fetch("/private", { method: "HEAD" })).status).toBe(401);
    expect((await edge.fetch("/private", { method: "OPTIONS" })).status).toBe(204);
    expect(reached).toEqual([]);
  });

  test("strangers send no body: the answer comes before it", async () => {
    const answer = await edge.raw(
      "POST /unguarded HTTP/1.1\r\nHost: casa-verde.shops.example\r\nConnection: close\r\nContent-Type: application/json\r\nContent-Length: 9000\r\n\r\n",
    );
    expect(statusOf(answer)).toBe(401);
  });
});

describe("hosts", () => {
  test("a short Host moves no path", async () => {
    reached.length = 0;
    for (const host of ["a.b", "a", "::1", "1.1"]) {
      await get("/xx/private", host, `Authorization: Bearer ${token}\r\nX-Tenant-Slug: casa-verde\r\n`);
      await get("/xx/open", host);
    }
    expect(reached.filter((path) => path !== "/xx/private")).toEqual([]);
  });

  test("a short Host that is ours moves no path either", async () => {
    const short = await startEdge((app) => app.get("/private", () => "wrong").get("/xx/private", () => "right"), {
      base_domain: "a.b",
    });
    const authorization = `Authorization: Bearer ${await short.token()}\r\nX-Tenant-Slug: casa-verde\r\n`;
    const ask = (path: string) =>
      short.raw(`GET ${path} HTTP/1.1\r\nHost: a.b\r\nConnection: close\r\n${authorization}\r\n`);
    expect(await ask("/xx/private")).toEndWith("right");
    // What the server's own table does not know goes through the framework's, which is the one that misreads.
    expect(statusOf(await ask("/yy/private"))).toBe(404);
  });

  test("a host that is not ours, or none at all, is 421", async () => {
    const hosts = [
      "evil.example",
      "shops.example.evil.example",
      "xshops.example",
      "",
      "a#.localhost",
      "a/open?.localhost",
    ];
    for (const host of hosts) {
      expect({ host, status: statusOf(await get("/open", host)) }).toEqual({ host, status: 421 });
    }
    expect(statusOf(await edge.raw("GET /a/health HTTP/1.0\r\n\r\n"))).toBe(421);
  });

  test("the shop is named by the subdomain, or by the header, which wins", async () => {
    const bearer = `Authorization: Bearer ${token}\r\n`;
    expect(await get("/who", "casa-verde.shops.example", bearer)).toContain('"slug":"casa-verde"');
    expect(await get("/who", "casa-verde.localhost:8000", bearer)).toContain('"slug":"casa-verde"');
    expect(await get("/who", "shops.example", `${bearer}X-Tenant-Slug: casa-verde\r\n`)).toContain("200 OK");
    expect(statusOf(await get("/who", "casa-verde.shops.example", `${bearer}X-Tenant-Slug: outra\r\n`))).toBe(403);
  });
});

describe("with a token", () => {
  test("a shop that is not there is 404, another shop 403", async () => {
    expect((await edge.fetch("/who", { token, slug: "nobody" })).status).toBe(404);
    expect((await edge.fetch("/who", { token, slug: "No Slug" })).status).toBe(404);
    expect((await edge.fetch("/who", { token, slug: "outra" })).status).toBe(403);
    const others = await edge.token({ tenant_id: OTHER_TENANT_ID });
    expect((await edge.fetch("/who", { token: others, slug: "casa-verde" })).status).toBe(403);
  });

  test("the role is the session's, not the token's, and a session that ended ends its tokens", async () => {
    edge.session.standing = { user_id: "019c5f3e-8f4b-7c1a-9d3e-2b6f1a0c4d5e", role: "seller" };
    expect(await (await edge.fetch("/who", { token })).json()).toMatchObject({ role: "seller" });
    const stolen = await edge.token({ sub: "019c5f3e-0000-7c1a-9d3e-000000000000" });
    expect((await edge.fetch("/who", { token: stolen })).status).toBe(401);
    edge.session.standing = undefined;
    expect((await edge.fetch("/who", { token })).status).toBe(401);
    edge.session.standing = { user_id: "019c5f3e-8f4b-7c1a-9d3e-2b6f1a0c4d5e", role: "admin" };
  });

  test("Bearer is read in any case, and nothing else is", async () => {
    for (const [header, status] of [
      [`bearer ${token}`, 200],
      [`Basic ${token}`, 401],
      [token, 401],
      ["Bearer", 401],
    ] as const) {
      const answer = await edge.fetch("/who", { headers: { authorization: header } });
      expect({ header: header.slice(0, 6), status: answer.status }).toEqual({ header: header.slice(0, 6), status });
    }
  });
});
