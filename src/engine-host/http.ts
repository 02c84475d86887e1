import { Elysia, type Static } from "elysia";
import type { Database } from "../platform/database/database.ts";
import { ENGINES } from "../platform/database/roles.ts";
import { memberContext } from "../platform/http/context.ts";
import { operation, problems } from "../platform/http/operation.ts";
import { forbidden, notFound } from "../platform/http/problem.ts";
import type { Actor } from "../platform/tenancy/unit-of-work.ts";
import { limitOf } from "./body-limits.ts";
import type { EngineProcess } from "./engine-process.ts";
import type { EngineHost } from "./host.ts";
import type { EngineConfig } from "./manifest.ts";
import { EngineList, EngineSetting, type EngineShown, NewEngineSetting } from "./shapes.ts";
import { changeSetting, readSetting } from "./tenant-settings.ts";

const PREFIX = "/api/v1/engines";
const tag = "engines";

/** Bytes a body may have where an engine has declared a limit of its own for the route. */
export function largerBodyOf(host: EngineHost, method: string, path: string): number | undefined {
  const [, name = "", inner = ""] = /^\/api\/v1\/engines\/([^/]+)(\/.+)$/.exec(path) ?? [];
  const limits = host.find(name)?.manifest?.body_limits;
  return limits && limitOf(limits, method, inner);
}

/** An engine as people of a shop see it: only admins learn how it is set, where it is from and what is wrong with it. */
export function shownEngine(
  { name, state, manifest, source }: Pick<EngineProcess, "name" | "state" | "manifest" | "source">,
  setting: { enabled: boolean; config: EngineConfig } | undefined,
  role: Actor["role"],
): Static<typeof EngineShown> {
  const shown = {
    name,
    version: manifest?.version ?? null,
    description: manifest?.description ?? null,
    state: state.state,
    enabled: setting?.enabled ?? false,
  };
  if (role !== "admin") return shown;
  return {
    ...shown,
    config: setting?.config ?? null,
    source: source.kind,
    reason: "reason" in state ? state.reason : null,
    subscriptions: manifest?.subscriptions ?? null,
  };
}

/** `/api/v1/engines`: which engines there are, switching them for a shop, and each engine's own routes. */
export function engineRoutes(host: EngineHost, database: Database) {
  return new Elysia({ name: "engines", prefix: PREFIX, normalize: false })
    .use(memberContext)
    .get(
      "",
      async ({ tenant, actor }) => {
        const scope = { role: ENGINES, tenant_id: tenant.tenant_id };
        const items = await database.transaction(scope, async (tx) => {
          const found: Static<typeof EngineShown>[] = [];
          for (const engine of host.engines) {
            const setting = engine.manifest && (await readSetting(tx, engine.manifest, tenant.tenant_id));
            found.push(shownEngine(engine, setting, actor.role));
          }
          return found;
        });
        return { items };
      },
      {
        response: { 200: EngineList },
        detail: operation("List the engines and whether they are on for the shop", { tag }),
      },
    )
    .put(
      "/:name",
      async ({ params, body, tenant, actor }) => {
        if (actor.role !== "admin") throw forbidden("only an admin of the shop may do this");
        const manifest = host.find(params.name)?.manifest;
        if (!manifest) throw notFound(`engine ${params.name}`);
        return await database.transaction({ role: ENGINES, tenant_id: tenant.tenant_id }, async (tx) => {
          await changeSetting(tx, manifest, tenant.tenant_id, body);
          const { enabled, config } = await readSetting(tx, manifest, tenant.tenant_id);
          return { name: manifest.name, enabled, config };
        });
      },
      {
        body: NewEngineSetting,
        response: { 200: EngineSetting },
        detail: operation("Switch an engine for the shop, and set it", { tag, problems: problems(403, 404) }),
      },
    )
    .all(
      "/:name/*",
      async ({ params, request, body, tenant, actor, request_id, work_context }) => {
        const engine = host.find(params.name);
        if (!engine) throw notFound(`engine ${params.name}`);
        const url = new URL(request.url);
        const answer = await engine.handle({
          request_id,
          method: request.method,
          path: url.pathname.slice(`${PREFIX}/${params.name}`.length) + url.search,
          body: body === null || body === undefined ? null : JSON.stringify(body),
          key: request.headers.get("idempotency-key"),
          tenant,
          actor,
          trace: work_context.trace,
        });
        return new Response(answer.body.slice().buffer, { status: answer.status, headers: answer.headers });
      },
      { detail: { hide: true } },
    );
}
