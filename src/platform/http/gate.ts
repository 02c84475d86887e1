import { isIP } from "node:net";
import type { OperatorToken } from "../auth/operator-token.ts";
import type { AccessTokens } from "../auth/tokens.ts";
import { NO_TRACING, parseTraceparent, type Tracing } from "../observability/tracing.ts";
import { slugOf, type Tenants } from "../tenancy/tenant.ts";
import type { UserRole } from "../tenancy/unit-of-work.ts";
import { ClientAddresses } from "./client-address.ts";
import { attachContext, type RequestContext } from "./context.ts";
import { tooLarge } from "./json-body.ts";
import { Problem } from "./problem.ts";
import { RequestLimit, type RequestLimitOptions } from "./request-limit.ts";

/** Whom a session lets act, and as what: the role is the user's now, not the one the token was made with. */
export interface Standing {
  user_id: string;
  role: UserRole;
}

/** What sessions allow; an answer may be some seconds old. */
export interface Sessions {
  /** Undefined when the session has ended or its user may not act. */
  standing(tenant_id: string, session_id: string): Promise<Standing | undefined>;
}

export interface GateOptions {
  tenants: Tenants;
  tokens: AccessTokens;
  sessions: Sessions;
  /** Domain whose subdomains are shops. */
  base_domain: string;
  /** Exact paths of a shop that need no token. */
  public_paths: ReadonlySet<string>;
  /** Exact paths that belong to no shop: documents of the API. */
  shopless_paths: ReadonlySet<string>;
  /** Opens the operators' paths; without it they are not there. */
  operator_token?: OperatorToken | undefined;
  max_body_bytes: number;
  /** Where requests are traced; nowhere unless configured. */
  tracing?: Tracing;
  /** Bytes a body may have where a route takes more than others. */
  largerBody?: (method: string, path: string) => number | undefined;
  /** Addresses and ranges of proxies whose `X-Forwarded-For` is believed; nobody's unless configured. */
  trusted_proxies?: readonly string[];
  /** How much of this process one shop may use. */
  request_limit?: RequestLimitOptions;
}

/** Paths of the platform's operators: of no shop, behind a secret of their own. */
export const OPERATOR_PREFIX = "/api/v1/operator";

const REQUEST_ID = /^[A-Za-z0-9_-]{8,64}$/;

/**
 * Everything that is decided before a body is read: is this host ours, which shop, who asks, may they. Deny by default:
 * a path that is on no list needs a valid token of the shop the request is for, whether a route stands behind it or not.
 */
export class Gate {
  readonly #options: GateOptions;
  readonly #addresses: ClientAddresses;
  readonly #limit: RequestLimit;

  constructor(options: GateOptions) {
    this.#options = options;
    this.#addresses = new ClientAddresses(options.trusted_proxies);
    this.#limit = new RequestLimit(options.request_limit);
  }

  /** Throws the problem that keeps a request out; whatever it throws, `contextOf(request)` is there. */
  async admit(request: Request, peer: string): Promise<RequestContext> {
    const { headers } = request;
    const given = headers.get("x-request-id");
    const traceparent = headers.get("traceparent");
    const { tracing = NO_TRACING } = this.#options;
    const span = tracing.start({
      name: request.method,
      kind: "server",
      parent: parseTraceparent(traceparent) ? traceparent : null,
    });
    const context: RequestContext = {
      request_id: given !== null && REQUEST_ID.test(given) ? given : Bun.randomUUIDv7("base64url"),
      arrived: performance.now(),
      address: this.#addresses.of(peer, headers.get("x-forwarded-for")),
      trace: span.traceparent,
      span,
      tenant: undefined,
      actor: undefined,
      session_id: undefined,
      operator: false,
      limit: undefined,
      max_body_bytes: this.#options.max_body_bytes,
      problem_status: undefined,
    };
    attachContext(request, context);
    const { base_domain, shopless_paths, max_body_bytes, largerBody } = this.#options;
    if (!isExpectedHost(headers.get("host") ?? "", base_domain)) {
      throw new Problem(421, { code: "unknown_host", detail: "this server does not answer for that host" });
    }
    const path = pathOf(request.url);
    context.max_body_bytes = Math.max(max_body_bytes, largerBody?.(request.method, path) ?? 0);
    if (Number(headers.get("content-length") ?? 0) > context.max_body_bytes) {
      throw tooLarge(context.max_body_bytes);
    }
    if (shopless_paths.has(path)) return context;
    if (path === OPERATOR_PREFIX || path.startsWith(`${OPERATOR_PREFIX}/`)) {
      this.#requireOperator(headers);
      context.operator = true;
      return context;
    }
    await this.#identify(context, request, path);
    return context;
  }

  /** Where no operator is expected nothing tells that one could be. */
  #requireOperator(headers: Headers): void {
    const { operator_token } = this.#options;
    if (!operator_token) throw new Problem(404, { code: "not_found", detail: "nothing is at this path" });
    if (!operator_token.fits(bearerOf(headers))) {
      throw new Problem(401, {
        code: "unauthenticated",
        detail: "the operator's token is needed: Authorization: Bearer <OPERATOR_TOKEN>",
        headers: { "www-authenticate": "Bearer" },
      });
    }
  }

  async #identify(context: RequestContext, request: Request, path: string): Promise<void> {
    const { tenants, tokens, sessions, base_domain, public_paths } = this.#options;
    const slug = slugOf(request.headers, base_domain);
    const isPublic = public_paths.has(path);
    const claims = isPublic ? undefined : await tokens.verify(bearerOf(request.headers));
    if (!isPublic && !claims) throw unauthenticated();
    const tenant = slug === undefined ? undefined : await tenants.bySlug(slug);
    if (!tenant?.active) {
      throw new Problem(404, {
        code: "unknown_tenant",
        detail:
          slug === undefined ? "no shop named: use its subdomain or the X-Tenant-Slug header" : `no shop ${slug} here`,
      });
    }
    context.tenant = tenant;
    context.limit = await this.#limit.count(tenant.tenant_id);
    if (!claims) return;
    if (claims.tenant_id !== tenant.tenant_id) {
      throw new Problem(403, { code: "other_tenant", detail: "this token belongs to another shop" });
    }
    const standing = await sessions.standing(claims.tenant_id, claims.session_id);
    if (standing?.user_id !== claims.sub) throw unauthenticated();
    context.actor = { id: claims.sub, role: standing.role };
    context.session_id = claims.session_id;
  }
}

function unauthenticated(): Problem {
  return new Problem(401, {
    code: "unauthenticated",
    detail: "a valid access token is needed: Authorization: Bearer <access_token>",
    headers: { "www-authenticate": "Bearer" },
  });
}

function bearerOf(headers: Headers): string {
  const header = headers.get("authorization") ?? "";
  return header.slice(0, 7).toLowerCase() === "bearer " ? header.slice(7).trim() : "";
}

/** The path of a request's URL, without its query. */
export function pathOf(url: string): string {
  // With a Host that is none the server gives the target alone, without scheme and host.
  const start = url.startsWith("/") ? 0 : url.indexOf("/", url.indexOf("://") + 3);
  if (start === -1) return "/";
  const query = url.indexOf("?", start);
  return query === -1 ? url.slice(start) : url.slice(start, query);
}

const NAME = /^[a-z0-9.-]+$/;

/** Our domain, its subdomains, localhost and its subdomains, and bare addresses (probes inside the network). */
function isExpectedHost(header: string, base_domain: string): boolean {
  const host = header.toLowerCase().replace(/:\d+$/, "");
  if (isIP(host.replace(/^\[|\]$/g, "")) !== 0) return true;
  return NAME.test(host) && [base_domain, "localhost"].some((base) => host === base || host.endsWith(`.${base}`));
}
