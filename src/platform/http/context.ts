import { Elysia } from "elysia";
import type { Span } from "../observability/tracing.ts";
import type { Tenant } from "../tenancy/tenant.ts";
import type { Actor, WorkContext } from "../tenancy/unit-of-work.ts";
import { forbidden, Problem } from "./problem.ts";
import type { LimitHeaders } from "./request-limit.ts";

/** What is known of a request before its body is read. */
export interface RequestContext {
  request_id: string;
  /** `performance.now()` at arrival. */
  arrived: number;
  /** Address of the client, as the proxy or the socket gives it. */
  address: string;
  trace: string;
  /** The request as a piece of its trace; ends with the answer. */
  span: Span;
  tenant: Tenant | undefined;
  actor: Actor | undefined;
  session_id: string | undefined;
  /** An operator of the platform asks, for no shop. */
  operator: boolean;
  /** What of the shop's limit is left, as headers of the answer. */
  limit: LimitHeaders | undefined;
  /** What its body may have at most. */
  max_body_bytes: number;
  /** Of the answer, once it is a problem: not every way of failing leaves it where the server framework tells it. */
  problem_status: number | undefined;
}

const contexts = new WeakMap<Request, RequestContext>();

export function attachContext(request: Request, context: RequestContext): void {
  contexts.set(request, context);
}

export function contextOf(request: Request): RequestContext | undefined {
  return contexts.get(request);
}

/** Gives routes of a tenant `tenant` and `request_id`: for the public ones. */
export const tenantContext = new Elysia({ name: "tenant-context" }).derive({ as: "scoped" }, ({ request }) => {
  const context = contextOf(request);
  if (!context?.tenant) throw new Problem(404, { code: "unknown_tenant", detail: "no such shop" });
  return { tenant: context.tenant, address: context.address, request_id: context.request_id };
});

/** Stands before the operators' routes: whatever way a request came to them, the gate must have known an operator. */
export const operatorContext = new Elysia({ name: "operator-context" }).derive({ as: "scoped" }, ({ request }) => {
  if (!contextOf(request)?.operator) throw new Problem(404, { code: "not_found", detail: "nothing is at this path" });
  return {};
});

/** Gives routes behind the gate their shop, the person who asks, and both as the context of a unit of work. */
export const memberContext = new Elysia({ name: "member-context" }).derive({ as: "scoped" }, ({ request }) =>
  memberOf(request),
);

/** The same, for admins only. */
export const adminContext = new Elysia({ name: "admin-context" }).derive({ as: "scoped" }, ({ request }) => {
  const member = memberOf(request);
  requireAdmin(member.actor);
  return member;
});

export function requireAdmin(actor: Actor): void {
  if (actor.role !== "admin") throw forbidden("only an admin may do this");
}

function memberOf(request: Request) {
  const context = contextOf(request);
  if (!context?.tenant || !context.actor || !context.session_id) {
    throw new Problem(401, { code: "unauthenticated", detail: "a valid access token is needed" });
  }
  const { tenant, actor, trace, session_id, request_id, address } = context;
  const work_context: WorkContext = { tenant, actor, trace };
  return { tenant, actor, session_id, request_id, address, work_context };
}
