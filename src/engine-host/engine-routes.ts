import type { AnyElysia } from "elysia";
import type { Database, Transaction } from "../platform/database/database.ts";
import { ENGINES } from "../platform/database/roles.ts";
import { problemOf } from "../platform/http/errors.ts";
import { Problem, problemResponse } from "../platform/http/problem.ts";
import type { Log } from "../platform/observability/log.ts";
import type { Tenant } from "../platform/tenancy/tenant.ts";
import type { Actor } from "../platform/tenancy/unit-of-work.ts";
import type { RouteContext } from "../sdk/context.ts";
import type { EmitContracts } from "../sdk/emits.ts";
import type { EngineDefinition } from "../sdk/engine.ts";
import { engineApp } from "../sdk/routes.ts";
import { BEYOND_HANDLER_MS } from "./batches.ts";
import { strayLimits } from "./body-limits.ts";
import { HandlerTimeout } from "./failure.ts";
import { lend } from "./lent.ts";
import { type EngineConfig, type EngineManifest, InvalidEngine } from "./manifest.ts";
import { engineRole } from "./names.ts";
import { Publishing } from "./publishing.ts";
import { answeredOnce, responseOf } from "./request-keys.ts";
import type { TenantSettings } from "./tenant-settings.ts";

/** A request for an engine's routes, as plain data that crosses a Worker. The gate has let it in. */
export interface EngineRequest {
  request_id: string;
  method: string;
  /** Path below `/api/v1/engines/<name>`, with its query. */
  path: string;
  /** JSON text; null when the request has no body. */
  body: string | null;
  /** `Idempotency-Key` of a POST. */
  key?: string | null;
  tenant: Tenant;
  actor: Actor;
  /** W3C traceparent of the request, for what it emits. */
  trace?: string | null;
}

export interface EngineRoutesParts {
  database: Database;
  definition: EngineDefinition;
  manifest: EngineManifest;
  settings: TenantSettings;
  log: Log;
  /** Called when a request has emitted events, and they are committed. */
  published?: () => void;
}

export interface EngineResponse {
  status: number;
  headers: Record<string, string>;
  body: Uint8Array;
}

/** The transaction is rolled back and this response is given all the same. */
class RolledBack extends Error {
  readonly response: Response;
  constructor(response: Response) {
    super("rolled back");
    this.response = response;
  }
}

/** An answer is held whole, in the Worker and again in the host. */
const MAX_ANSWER_BYTES = 10 * 1024 * 1024;

class AnswerTooLarge extends Error {}

/** Serves an engine's own routes, each request in a transaction of its tenant under the engine's role. */
export class EngineRoutes {
  readonly #app: AnyElysia | undefined;
  readonly #contexts = new WeakMap<Request, RouteContext<EngineConfig>>();
  readonly #database: Database;
  readonly #manifest: EngineManifest;
  readonly #settings: TenantSettings;
  readonly #publishing: Publishing;
  readonly #log: Log;

  constructor({ database, definition, manifest, settings, log, published = () => undefined }: EngineRoutesParts) {
    this.#database = database;
    this.#publishing = new Publishing({ database, engine: manifest.name, emits: definition.emits, published });
    this.#manifest = manifest;
    this.#settings = settings;
    this.#log = log;
    const base = engineApp<EngineConfig, EmitContracts>((request) => {
      const context = this.#contexts.get(request);
      if (!context) throw new Error("a route was called outside of its request");
      return context;
    });
    base.onError({ as: "global" }, ({ error, code, request }) => {
      const problem = problemOf(error, code);
      if (problem.status >= 500) log.error({ err: error, path: new URL(request.url).pathname }, "route failed");
      return problemResponse(problem, request.headers.get("x-request-id") ?? "");
    });
    this.#app = definition.routes?.(base);
    const [stray] = strayLimits(manifest.body_limits, this.#app?.routes ?? []);
    if (stray !== undefined) throw new InvalidEngine(`body_limits: ${stray} is no route of ${manifest.name}`);
  }

  async handle(request: EngineRequest): Promise<EngineResponse> {
    const response = await this.#respond(request).catch((error) =>
      problemResponse(problemOf(error, "UNKNOWN"), request.request_id),
    );
    return {
      status: response.status,
      headers: Object.fromEntries(response.headers),
      body: new Uint8Array(await response.arrayBuffer()),
    };
  }

  async #respond(request: EngineRequest): Promise<Response> {
    const app = this.#app;
    const { name, handler_timeout_ms } = this.#manifest;
    if (!app) throw new Problem(404, { code: "not_found", detail: `engine ${name} has no routes` });
    const { enabled, config, unset } = await this.#settings.of(request.tenant.tenant_id);
    if (!enabled) {
      const reason = unset.length > 0 ? ` until an admin has set ${unset.join(", ")}` : "";
      throw new Problem(403, { code: "engine_disabled", detail: `engine ${name} is off for this shop${reason}` });
    }
    const { tenant, actor } = request;
    const { tenant_id } = tenant;
    const role = engineRole(name);
    const limits = {
      // A handler that stands still is given up here, with a better answer than a connection that was cut.
      idle_timeout_ms: handler_timeout_ms + BEYOND_HANDLER_MS,
      statement_timeout_ms: handler_timeout_ms,
      jit: false,
      lent: true,
    } as const;
    const publication = await this.#publishing.begin(tenant_id, request.trace ?? null);
    const { emit } = publication;
    const answer = async (tx: Transaction): Promise<Response> => {
      return await lend(tx, { limit_ms: handler_timeout_ms }, async (db, late): Promise<Response> => {
        const inner = innerRequest(request);
        this.#contexts.set(inner, { db, tenant, user: actor, config, emit, log: this.#log });
        const response = await whole(await app.handle(inner), late);
        // Before it is asked whether a statement failed: a route may have a better answer to that.
        if (response.status >= 400) throw new RolledBack(response);
        return response;
      });
    };
    const keyed = request.method === "POST" && Boolean(request.key);
    const scope = keyed ? { role: ENGINES, tenant_id } : { role, tenant_id, schema: role };
    try {
      const response = await this.#database.transaction({ ...scope, ...limits }, async (tx) => {
        const answered = keyed
          ? responseOf(await answeredOnce(tx, request, { role, name }, () => answer(tx)))
          : await answer(tx);
        publication.append(tx);
        return answered;
      });
      publication.committed();
      return response;
    } catch (error) {
      if (error instanceof RolledBack) return error.response;
      if (error instanceof HandlerTimeout) {
        this.#log.error(
          { path: request.path.replace(/\?.*/, ""), limit_ms: handler_timeout_ms },
          "route took too long",
        );
        throw new Problem(503, { code: "engine_timeout", detail: `engine ${name} took too long to answer` });
      }
      if (error instanceof AnswerTooLarge) {
        const path = request.path.replace(/\?.*/, "");
        this.#log.error({ path, limit_bytes: MAX_ANSWER_BYTES }, "route answered with too much");
        const detail = `engine ${name} answered with more than ${MAX_ANSWER_BYTES} bytes`;
        throw new Problem(500, { code: "engine_answer_too_large", detail });
      }
      throw error;
    }
  }
}

/** The answer with all of its body; one that never ends is cut off when the call's time is over. */
async function whole(response: Response, late: AbortSignal): Promise<Response> {
  const reader = response.body?.getReader();
  if (!reader) return response;
  const stop = () => void reader.cancel().catch(() => undefined);
  late.addEventListener("abort", stop, { once: true });
  const parts: Uint8Array[] = [];
  let bytes = 0;
  for (let read = await reader.read(); !read.done; read = await reader.read()) {
    bytes += read.value.byteLength;
    if (bytes > MAX_ANSWER_BYTES) {
      stop();
      throw new AnswerTooLarge("a route's answer is too large");
    }
    parts.push(read.value);
  }
  const { status, headers } = response;
  return new Response(Buffer.concat(parts), { status, headers });
}

function innerRequest(request: EngineRequest): Request {
  return new Request(`http://engine.localhost${request.path}`, {
    method: request.method,
    headers: {
      "x-request-id": request.request_id,
      ...(request.body === null ? {} : { "content-type": "application/json" }),
    },
    body: request.body,
  });
}
