import { connect } from "node:net";
import type { AnyElysia } from "elysia";
import pino from "pino";
import { AccessTokens } from "../../src/platform/auth/tokens.ts";
import type { Database, Row } from "../../src/platform/database/database.ts";
import { createApp } from "../../src/platform/http/app.ts";
import { Gate, type GateOptions, type Standing } from "../../src/platform/http/gate.ts";
import { Metrics } from "../../src/platform/observability/metrics.ts";
import { Readiness } from "../../src/platform/observability/readiness.ts";
import { type Tenant, Tenants } from "../../src/platform/tenancy/tenant.ts";
import { whenDone } from "../harness/cleanup.ts";

export const SECRET = "an edge test signs with this and nobody else";
export const TENANT_ID = "019c5f3e-0000-7c1a-9d3e-2b6f1a0c4d5e";
export const OTHER_TENANT_ID = "019c5f3e-1111-7c1a-9d3e-2b6f1a0c4d5e";
export const SESSION_ID = "019c5f3e-9a10-7b22-8c3d-4e5f6a7b8c9d";
export const USER_ID = "019c5f3e-8f4b-7c1a-9d3e-2b6f1a0c4d5e";
export const LIMIT = 10_000;

const shop = (tenant_id: string, slug: string): Tenant => ({
  tenant_id,
  slug,
  name: slug,
  time_zone: "America/Sao_Paulo",
  locale: "pt-BR",
  active: true,
  logo_url: null,
  primary_color: "#1a73e8",
  secondary_color: "#ea4335",
  features: {},
});

const shops = new Map([shop(TENANT_ID, "casa-verde"), shop(OTHER_TENANT_ID, "outra")].map((one) => [one.slug, one]));

/** Answers the one question the edge asks a database: which shop a slug names. */
const database: Database = {
  kind: "postgres",
  losses: 0,
  transaction: async (_, work) =>
    await work({
      query: async <T extends Row>(_sql: string, [slug]: readonly unknown[] = []) =>
        [shops.get(String(slug))].filter((found) => found !== undefined) as unknown as T[],
      values: async () => [],
      script: async () => undefined,
      bind: async () => undefined,
      last: () => undefined,
    }),
  query: async () => [],
  close: async () => undefined,
};

export interface Edge {
  app: AnyElysia;
  port: number;
  tokens: AccessTokens;
  /** What the one session allows; set to undefined to end it. */
  session: { standing: Standing | undefined };
  /** Lines of the log. */
  lines: string[];
  readiness: Readiness;
  token(claims?: { tenant_id?: string; sub?: string }): Promise<string>;
  fetch(path: string, init?: RequestInit & { token?: string; slug?: string | null }): Promise<Response>;
  /** Sends bytes as they are, for what no client would send; the whole answer as text. */
  raw(text: string): Promise<string>;
}

/** A server with the real edge before `mount`'s routes, and shops and a session that need no database. */
export async function startEdge(
  mount: (app: AnyElysia) => AnyElysia,
  options: Partial<GateOptions> & { cors_origins?: string[] } = {},
): Promise<Edge> {
  const { cors_origins = [], ...gateOptions } = options;
  const tokens = new AccessTokens({ secret: SECRET, algorithm: "HS256", expire_minutes: 15 });
  const session: Edge["session"] = { standing: { user_id: USER_ID, role: "admin" } };
  const lines: string[] = [];
  const readiness = new Readiness();
  readiness.serving();
  const gate = new Gate({
    tenants: new Tenants(database, "basecommerce_vertical"),
    tokens,
    sessions: { standing: async (_, id) => (id === SESSION_ID ? session.standing : undefined) },
    base_domain: "shops.example",
    public_paths: new Set(["/open"]),
    shopless_paths: new Set(["/docs"]),
    max_body_bytes: LIMIT,
    ...gateOptions,
  });
  const log = pino({ level: "debug" }, { write: (line: string) => void lines.push(line) });
  const app = createApp({ log, metrics: new Metrics(), readiness, cors_origins, max_body_bytes: LIMIT, gate }, mount);
  app.listen({ port: 0, hostname: "127.0.0.1" });
  const port = app.server?.port ?? 0;
  whenDone(async () => void (await app.stop(true)));
  return {
    app,
    port,
    tokens,
    session,
    lines,
    readiness,
    token: ({ tenant_id = TENANT_ID, sub = USER_ID } = {}) =>
      tokens.sign({ sub, tenant_id, email: "ana@casaverde.example", role: "admin", session_id: SESSION_ID }),
    fetch: async (path, { token, slug = "casa-verde", ...init } = {}) => {
      const headers = new Headers(init.headers);
      if (slug !== null) headers.set("x-tenant-slug", slug);
      if (token !== undefined) headers.set("authorization", `Bearer ${token}`);
      return await fetch(`http://127.0.0.1:${port}${path}`, { ...init, headers });
    },
    raw: (text) => rawRequest(port, text),
  };
}

function rawRequest(port: number, text: string): Promise<string> {
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  let answer = "";
  const socket = connect(port, "127.0.0.1", () => socket.write(text));
  socket.on("data", (chunk) => {
    answer += chunk.toString();
  });
  socket.on("end", () => socket.end());
  socket.on("error", reject);
  socket.on("close", () => resolve(answer));
  return promise;
}
