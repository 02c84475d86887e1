import { cors } from "@elysiajs/cors";
import { type AnyElysia, Elysia } from "elysia";
import type { Log } from "../observability/log.ts";
import type { Metrics } from "../observability/metrics.ts";
import type { Readiness } from "../observability/readiness.ts";
import { contextOf } from "./context.ts";
import { problemOf } from "./errors.ts";
import { type Gate, pathOf } from "./gate.ts";
import { readJson } from "./json-body.ts";
import { Problem, problemResponse } from "./problem.ts";

export interface AppOptions {
  log: Log;
  metrics: Metrics;
  readiness: Readiness;
  /** Origins that browsers may call from; none unless configured. */
  cors_origins: readonly string[];
  max_body_bytes: number;
  /** Absent where nothing but the operational routes is served. */
  gate?: Gate;
}

const OPERATIONAL = new Set(["/health", "/ready", "/metrics"]);

/**
 * The root of every HTTP server here: operational routes, then the gate, then what the roles mount. Untyped on purpose:
 * types live in the modules, one chained type over all routes makes editors crawl.
 */
export function createApp(options: AppOptions, mount: (app: AnyElysia) => AnyElysia): AnyElysia {
  const { log, metrics, readiness, gate, cors_origins, max_body_bytes } = options;
  const root = new Elysia({
    // Unknown fields are an error here, not stripped.
    normalize: false,
    // With a short Host the fast path would route by the wrong part of the URL.
    handler: { standardHostname: false },
    serve: { maxRequestBodySize: max_body_bytes, idleTimeout: 60 },
  })
    .get("/health", new Response('{"status":"ok"}', { headers: { "content-type": "application/json" } }))
    .get("/ready", async ({ set }) => {
      const report = await readiness.report();
      set.status = report.status === "ok" ? 200 : 503;
      return report;
    })
    .get("/metrics", async ({ set }) => {
      set.headers["content-type"] = metrics.registry.contentType;
      return await metrics.text();
    })
    .onError({ as: "global" }, ({ error, code, request }) => {
      const problem = problemOf(error, code);
      const request_id = contextOf(request)?.request_id ?? Bun.randomUUIDv7("base64url");
      if (problem.status >= 500) log.error({ err: error, request_id, path: pathOf(request.url) }, "request failed");
      return problemResponse(problem, request_id);
    })
    .onAfterResponse({ as: "global" }, ({ request, route, set, response }) => {
      const context = contextOf(request);
      if (!context) return;
      const status = response instanceof Response ? response.status : Number(set.status ?? 200);
      const seconds = (performance.now() - context.arrived) / 1000;
      const labels = { method: request.method, route: route || "(none)", status: String(status) };
      metrics.http_request_duration_seconds.observe(labels, seconds);
      if (log.isLevelEnabled("debug")) {
        const { request_id, tenant, trace } = context;
        log.debug({ request_id, tenant: tenant?.slug, trace, ...labels, seconds }, "request");
      }
    });
  if (cors_origins.length > 0) root.use(cors({ origin: [...cors_origins], credentials: true, maxAge: 600 }));
  if (!gate) return mount(root);
  root
    .onRequest(async ({ request, server, set }) => {
      if (OPERATIONAL.has(pathOf(request.url))) return;
      const context = await gate.admit(request, server?.requestIP(request)?.address ?? "unknown");
      set.headers["x-request-id"] = context.request_id;
      if (readiness.state === "starting") {
        throw new Problem(503, { code: "starting", detail: "still starting", headers: { "retry-after": "1" } });
      }
    })
    .onParse({ as: "global" }, async ({ request, contentType }) => {
      if (contentType === "application/json") return (await readJson(request)) ?? null;
      if (request.body === null) return null;
      throw new Problem(415, { code: "not_json", detail: "send the body as application/json" });
    });
  return mount(root);
}
