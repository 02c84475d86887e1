import { beforeAll, describe, expect, test } from "bun:test";
import { construction } from "../../src/contracts/construction.ts";
import { streams } from "../../src/contracts/index.ts";
import { VERTICAL } from "../../src/platform/database/roles.ts";
import { EventContracts } from "../../src/platform/events/ledger.ts";
import { apiDocument } from "../../src/platform/http/api-document.ts";
import { asyncApiDocument } from "../../src/platform/http/asyncapi-document.ts";
import { documentPaths, documentRoutes } from "../../src/platform/http/document-routes.ts";
import { publicPaths } from "../../src/platform/identity/index.ts";
import { UnitOfWork } from "../../src/platform/tenancy/unit-of-work.ts";
import { constructionRoutes } from "../../src/verticals/construction/index.ts";
import { openDatabase, STARTING } from "./database.ts";
import { type ApiDocument, Documented } from "./documented.ts";
import { PASSWORD, ShopServer, type SignedIn } from "./shop-server.ts";

const info = { title: "BaseCommerce", version: "1.0.0", description: "A test's." };
const OPERATIONAL = new Set(["/health", "/ready", "/metrics"]);
const STRANGE_ID = "019c5f3e-dead-7c1a-9d3e-2b6f1a0c4d5e";

let server: ShopServer;
let api: Documented;
let admin: SignedIn;

beforeAll(async () => {
  const database = await openDatabase();
  const contracts = new EventContracts("construction", construction);
  const uow = new UnitOfWork<typeof construction>({
    ...{ database, role: VERTICAL, contracts, partitions: 16, committed: () => undefined },
  });
  server = new ShopServer(database, {
    shopless_paths: documentPaths,
    mount: (app) =>
      app
        .use(constructionRoutes({ uow }))
        .use(documentRoutes({ ...info, app: () => server.app, events: () => asyncApiDocument(streams, info) })),
  });
  await server.makeShop("casa-verde");
  await server.makeShop("outra");
  admin = await server.login("admin@casa-verde.example");
  const served = await server.call<ApiDocument>("GET", "/openapi.json", { slug: "nobody" });
  api = new Documented(served.body);
}, STARTING);

const pathsOf = (path: string) => path.replace(/:([^/]+)/g, "{$1}").replace(/(?<=.)\/$/, "");

describe("the document", () => {
  test("describes each route of the app, and no other", () => {
    const served = server.app.routes
      .filter(({ method, path }) => method !== "OPTIONS" && !documentPaths.has(path))
      .map(({ method, path }) => `${method} ${pathsOf(path)}`);
    const described = api.operations.map(([method, path]) => `${method} ${pathsOf(path)}`);
    expect(api.document.openapi).toBe("3.1.0");
    expect(described.sort()).toEqual([...new Set(served)].sort());
  });

  test("says of each operation what it does, what it takes, what it answers and how it fails, by examples", () => {
    const missing: string[] = [];
    for (const [method, path, operation] of api.operations) {
      const name = `${method} ${path}`;
      if (!operation.summary || !operation.tags?.length || operation.tags.includes("Other"))
        missing.push(`${name}: summary`);
      const contents = [
        ...Object.entries(operation.requestBody?.content ?? {}),
        ...Object.values(operation.responses).flatMap(({ content }) => Object.entries(content ?? {})),
      ];
      for (const [type, media] of contents) {
        if (api.exampleOf(media) === undefined) missing.push(`${name}: example of ${type}`);
      }
      if (Object.keys(operation.requestBody?.content ?? { "application/json": 1 }).join() !== "application/json") {
        missing.push(`${name}: JSON alone`);
      }
      for (const [status, { description }] of Object.entries(operation.responses)) {
        if (!description || description.startsWith("Response for")) missing.push(`${name}: ${status}`);
      }
      if (!Object.keys(operation.responses).some((status) => status.startsWith("2"))) missing.push(`${name}: success`);
      if (!OPERATIONAL.has(path) && !operation.responses["429"]) missing.push(`${name}: 429`);
    }
    expect(missing).toEqual([]);
  });

  test("its examples are what its schemas allow", () => {
    const wrong: string[] = [];
    for (const [method, path, operation] of api.operations) {
      const contents = [
        ...Object.values(operation.requestBody?.content ?? {}),
        ...Object.values(operation.responses).flatMap(({ content }) => Object.values(content ?? {})),
      ];
      for (const media of contents) {
        const misfits = api.misfits(media.schema ?? {}, api.exampleOf(media));
        if (misfits.length > 0) wrong.push(`${method} ${path}: ${misfits.join(", ")}`);
      }
    }
    expect(wrong).toEqual([]);
  });

  test("takes no unknown field at any depth of any body", () => {
    const open: string[] = [];
    const walk = (schema: unknown, place: string): void => {
      if (Array.isArray(schema)) schema.forEach((each, i) => void walk(each, `${place}/${i}`));
      if (typeof schema !== "object" || schema === null || Array.isArray(schema)) return;
      if ("properties" in schema && (!("additionalProperties" in schema) || schema.additionalProperties !== false)) {
        open.push(place);
      }
      for (const [name, part] of Object.entries(schema)) if (name !== "examples") walk(part, `${place}/${name}`);
    };
    for (const [method, path, { requestBody }] of api.operations) {
      if (requestBody) walk(requestBody.content["application/json"]?.schema, `${method} ${path}`);
    }
    expect(open).toEqual([]);
  });

  test("real answers are as it says", async () => {
    const token = admin.access_token;
    const body = { name: "Bia", email: "bia@casa-verde.example", password: PASSWORD, role: "seller" };
    const calls: [string, string, object | undefined, string | undefined][] = [
      ["GET", "/tenant.json", undefined, undefined],
      ["POST", "/auth/login", { email: "admin@casa-verde.example", password: PASSWORD }, undefined],
      ["POST", "/auth/login", { email: "admin@casa-verde.example", password: "wrong" }, undefined],
      ["POST", "/auth/login", {}, undefined],
      ["POST", "/auth/refresh", { refresh_token: "x" }, undefined],
      ["GET", "/auth/me", undefined, token],
      ["GET", "/auth/me", undefined, undefined],
      ["POST", "/auth/password", { current: "wrong", new: PASSWORD }, token],
      ["GET", "/api/v1/tenant", undefined, token],
      ["PATCH", "/api/v1/tenant", { name: "Casa" }, token],
      ["PATCH", "/api/v1/tenant", { slug: "x" }, token],
      ["POST", "/api/v1/users", body, token],
      ["POST", "/api/v1/users", body, token],
      ["GET", "/api/v1/users?limit=1", undefined, token],
      ["GET", "/api/v1/users?limit=x", undefined, token],
      ["GET", `/api/v1/users/${STRANGE_ID}`, undefined, token],
      ["PATCH", `/api/v1/users/${admin.user.id}`, { role: "seller" }, token],
      ["PATCH", `/api/v1/users/${admin.user.id}`, { active: false }, token],
      ["GET", "/api/v1/products", undefined, token],
      ["GET", `/api/v1/products/${STRANGE_ID}`, undefined, token],
    ];
    for (const [method, path, body, token] of calls) {
      const answer = await server.call(method, path, {
        ...(body === undefined ? {} : { body }),
        ...(token === undefined ? {} : { token }),
      });
      expect(api.answerMisfits(method, path, answer)).toEqual([]);
    }
  });
});

describe("each route of the API", () => {
  const routes = () =>
    api.operations
      .filter(([, path]) => !OPERATIONAL.has(path))
      .map(([method, path, operation]) => {
        const content = operation.requestBody?.content["application/json"];
        const place = path.replace(/\{[^}]+\}/g, STRANGE_ID);
        const body = content === undefined ? undefined : api.exampleOf(content);
        return { method, path, place, call: body === undefined ? {} : { body } };
      });

  test("answers 401 without a token, unless it is on the public list", async () => {
    for (const { method, path, place, call } of routes()) {
      if (publicPaths.has(path)) continue;
      expect({ method, path, status: (await server.call(method, place, call)).status }).toEqual({
        method,
        path,
        status: 401,
      });
    }
  });

  test("answers 403 to another shop's token", async () => {
    const other = await server.login("admin@outra.example", PASSWORD, "outra");
    for (const { method, path, place, call } of routes()) {
      if (publicPaths.has(path)) continue;
      const { status } = await server.call(method, place, { ...call, token: other.access_token });
      expect({ method, path, status }).toEqual({ method, path, status: 403 });
    }
  });

  test("answers 404 for an id that is none, also to a body that is right", async () => {
    for (const { method, path, place, call } of routes()) {
      if (!path.includes("{id}")) continue;
      const answer = await server.call(method, place, { ...call, token: admin.access_token });
      expect({ method, path, status: answer.status }).toEqual({ method, path, status: 404 });
      expect(api.answerMisfits(method, place, answer)).toEqual([]);
    }
  });

  test("answers 422 for an id that is malformed", async () => {
    for (const { method, path, call } of routes()) {
      if (!path.includes("{id}")) continue;
      const { status } = await server.call(method, path.replace("{id}", "1"), { ...call, token: admin.access_token });
      expect({ method, path, status }).toEqual({ method, path, status: 422 });
    }
  });
});

test("the page to try it needs nothing from elsewhere", async () => {
  const page = await server.app.handle(new Request("http://localhost/docs", { headers: { host: "localhost" } }));
  const html = await page.text();
  expect(page.headers.get("content-security-policy")).toStartWith("default-src 'self'");
  const places = [...html.matchAll(/(?:src|href)="([^"]+)"/g)].map(([, place = ""]) => place);
  expect(places.length).toBeGreaterThan(0);
  for (const place of places) {
    expect(documentPaths.has(place)).toBe(true);
    const part = await server.app.handle(new Request(`http://localhost${place}`, { headers: { host: "localhost" } }));
    expect(part.status).toBe(200);
    expect((await part.text()).length).toBeGreaterThan(50);
  }
});

test("the events' document has every contract, and its examples fit", async () => {
  const { body } = await server.call<ReturnType<typeof asyncApiDocument> & { asyncapi: string }>(
    "GET",
    "/asyncapi.json",
  );
  expect(body.asyncapi).toBe("3.0.0");
  const { messages } = body.components as {
    messages: Record<string, { payload: Record<string, unknown>; examples: { payload: unknown }[] }>;
  };
  expect(Object.keys(messages)).toEqual(Object.keys(construction).map((type) => `construction.${type}`));
  for (const [name, { payload, examples }] of Object.entries(messages)) {
    expect({ name, misfits: api.misfits(payload, examples[0]?.payload) }).toEqual({ name, misfits: [] });
  }
});

test("the document of an app without routes is one all the same", async () => {
  const { Elysia } = await import("elysia");
  expect(await apiDocument(new Elysia(), info)).toMatchObject({ openapi: "3.1.0", info, paths: {} });
});
