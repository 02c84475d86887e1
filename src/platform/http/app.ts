import { cors } from "@elysiajs/cors";
import { type AnyElysia, Elysia } from "elysia";
import type { Log } from "../observability/log.ts";
import type { Metrics } from "../observability/metrics.ts";
import type { Readiness } from "../observability/readiness.ts";
import { contextOf, type RequestContext } from "./context.ts";
import { loggable, problemOf } from "./errors.ts";
import { type Gate, pathOf } from "./gate.ts";
import { readJson } from "./json-body.ts";
import { HEALTH, METRICS, READY } from "./operational-documents.ts";
import { Problem, problemResponse, unprocessable } from "./problem.ts";

export interface AppOptions {
  log: Log;
  metrics: Metrics;
  readiness: Readiness;
  /** Origins that browsers may call from; none unless configured. */
  cors_origins: readonly string[];
  max_body_bytes: number;
  /** What the largest body of any route may have, where some take more than `max_body_bytes`. */
  largest_body_bytes?: number;
  /** Absent where nothing but the operational routes is served. */
  gate?: Gate;
}

const OPERATIONAL = new Set(["/health", "/ready", "/metrics"]);

const HEALTHY = new Response('{"status":"ok"}', { headers: { "content-type": "application/json" } });

/** Everything a browser application may send and read; tokens travel in a header, so no cookies and no credentials. */
const CORS = {
  credentials: false,
  methods: ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"],
  allowedHeaders: ["authorization", "content-type", "idempotency-key", "traceparent", "x-request-id", "x-tenant-slug"],
  exposeHeaders: ["location", "ratelimit", "ratelimit-policy", "retry-after", "x-request-id"],
  maxAge: 600,
} as const;

/**
 * The root of every HTTP server here: operational routes, then the gate, then what the roles mount. Untyped on purpose:
 * types live in the modules, one chained type over all routes makes editors crawl.
 */
export function createApp(options: AppOptions, mount: (app: AnyElysia) => AnyElysia): AnyElysia {
  const { readiness, gate, cors_origins, max_body_bytes, largest_body_bytes = max_body_bytes } = options;
  const root: AnyElysia = new Elysia({
    // Unknown fields are an error here, not stripped.
    normalize: false,
    // With a short Host the fast path would route by the wrong part of the URL.
    handler: { standardHostname: false },
    serve: {
      // The gate refuses by Content-Length with a problem; this is for bodies that do not say how long they are.
      maxRequestBodySize: Math.max(largest_body_bytes * 2, largest_body_bytes + 65_536),
      idleTimeout: 60,
      // A liveness probe is answered by the server itself, before any of this.
      routes: { "/health": { GET: HEALTHY } },
    },
  });
  operational(root, options);
  if (cors_origins.length > 0) {
    const { methods, allowedHeaders, exposeHeaders } = CORS;
    root.use(
      cors({
        ...CORS,
        origin: [...cors_origins],
        methods: [...methods],
        allowedHeaders: [...allowedHeaders],
        exposeHeaders: [...exposeHeaders],
      }),
    );
  }
  if (!gate) return mount(root);
  root
    .onRequest(async ({ request, server, set }) => {
      if (OPERATIONAL.has(pathOf(request.url))) return;
      // No route sees OPTIONS, so none needs to be guarded against it; the answer allows nothing by itself.
      if (request.method === "OPTIONS") return new Response(null, { status: 204 });
      const context = await gate.admit(request, server?.requestIP(request)?.address ?? "unknown");
      Object.assign(set.headers, SAFE, context.limit);
      set.headers["x-request-id"] = context.request_id;
      // A proxy that keeps this connection would send its next request into a closed one.
      if (readiness.state === "draining") set.headers.connection = "close";
      if (readiness.state === "starting") {
        throw new Problem(503, { code: "starting", detail: "still starting", headers: { "retry-after": "1" } });
      }
      requireSingle(request.url);
    })
    .onParse({ as: "global" }, async ({ request, contentType }) => {
      if (contentType.toLowerCase() === "application/json") {
        return (await readJson(request, contextOf(request)?.max_body_bytes ?? max_body_bytes)) ?? null;
      }
      if (request.body === null) return null;
      throw new Problem(415, { code: "not_json", detail: "send the body as application/json" });
    });
  return mount(root);
}

/** Of a query field given twice every program on the way takes another one; so nobody may give one twice. */
function requireSingle(url: string): void {
  const start = url.indexOf("?");
  if (start === -1 || !url.includes("&", start)) return;
  const seen = new Set<string>();
  for (const name of new URLSearchParams(url.slice(start)).keys()) {
    if (seen.has(name))
      throw unprocessable([{ path: `/${name}`, message: "is given twice" }], "the query has invalid fields");
    seen.add(name);
  }
}

/** Answers belong to whom they were given: nobody keeps them, nobody guesses what they are. */
const SAFE = { "cache-control": "no-store", "x-content-type-options": "nosniff" };

function operational(root: AnyElysia, { log, metrics, readiness }: AppOptions): void {
  metrics.gauge(
    "basecommerce_check_ok",
    "1 while what /ready checks under this name is well",
    ["check"],
    async (gauge) => {
      gauge.reset();
      const { checks } = await readiness.report();
      for (const [check, { status }] of Object.entries(checks)) gauge.set({ check }, status === "ok" ? 1 : 0);
    },
  );
  root
    .get("/health", () => HEALTHY.clone(), { detail: HEALTH })
    .get(
      "/ready",
      async ({ set }) => {
        const report = await readiness.report();
        set.status = report.status === "ok" ? 200 : 503;
        return report;
      },
      { detail: READY },
    )
    .get(
      "/metrics",
      async ({ set }) => {
        set.headers["content-type"] = metrics.registry.contentType;
        return await metrics.text();
      },
      { detail: METRICS },
    )
    .onError({ as: "global" }, ({ error, code, request, set }) => {
      const problem = problemOf(error, code);
      const context = contextOf(request);
      const request_id = context?.request_id ?? Bun.randomUUIDv7("base64url");
      if (problem.status >= 500) {
        const about = { request_id, tenant: context?.tenant?.slug, trace: context?.trace };
        log.error({ err: loggable(error), ...about, path: pathOf(request.url) }, "request failed");
      }
      set.status = problem.status;
      if (context) context.problem_status = problem.status;
      Object.assign(set.headers, SAFE, context?.limit);
      return problemResponse(problem, request_id);
    })
    .onAfterResponse({ as: "global" }, ({ request, route, set, response }) => {
      const context = contextOf(request);
      if (!context) return;
      const status =
        context.problem_status ?? (response instanceof Response ? response.status : Number(set.status ?? 200));
      const seconds = (performance.now() - context.arrived) / 1000;
      const labels = { method: request.method, route: route || "(none)", status: String(status) };
      endSpan(context, labels);
      metrics.http_request_duration_seconds.observe(labels, seconds);
      if (log.isLevelEnabled("debug")) {
        const { request_id, tenant, trace } = context;
        log.debug({ request_id, tenant: tenant?.slug, trace, ...labels, seconds }, "request");
      }
    });
}

function endSpan(
  { span, tenant, request_id }: RequestContext,
  { method, route, status }: { method: string; route: string; status: string },
): void {
  span.end({
    name: `${method} ${route}`,
    attributes: {
      "http.request.method": method,
      "http.route": route,
      "http.response.status_code": Number(status),
      "basecommerce.request_id": request_id,
      ...(tenant && { "basecommerce.tenant_id": tenant.tenant_id }),
    },
    error: status.startsWith("5") ? status : undefined,
  });
}
