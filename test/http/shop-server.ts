import type { AnyElysia } from "elysia";
import pino from "pino";
import { hashPassword } from "../../src/platform/auth/password.ts";
import { AccessTokens } from "../../src/platform/auth/tokens.ts";
import type { Database } from "../../src/platform/database/database.ts";
import { OWNER, VERTICAL } from "../../src/platform/database/roles.ts";
import { createApp } from "../../src/platform/http/app.ts";
import { Gate } from "../../src/platform/http/gate.ts";
import {
  createTenant,
  createUser,
  DatabaseSessions,
  type IdentityParts,
  identityRoutes,
  LoginLimits,
  MemorySessionCache,
  publicPaths,
} from "../../src/platform/identity/index.ts";
import type { SessionCache } from "../../src/platform/identity/session-cache.ts";
import type { User } from "../../src/platform/identity/user.ts";
import { Metrics } from "../../src/platform/observability/metrics.ts";
import { Readiness } from "../../src/platform/observability/readiness.ts";
import { Tenants } from "../../src/platform/tenancy/tenant.ts";
import type { UserRole } from "../../src/platform/tenancy/unit-of-work.ts";

export const PASSWORD = "correct horse battery staple";
/** One hash for all made users: hashing is slow on purpose. */
const hash = hashPassword(PASSWORD);

export interface ShopServerOptions {
  cache?: SessionCache;
  limits?: LoginLimits;
  mount?: (app: AnyElysia) => AnyElysia;
  shopless_paths?: ReadonlySet<string>;
}

export interface Call {
  token?: string;
  body?: unknown;
  slug?: string;
  headers?: Record<string, string>;
}

export interface Answer<T> {
  status: number;
  headers: Headers;
  body: T;
}

export interface SignedIn {
  access_token: string;
  refresh_token: string;
  user: User;
}

/** One process that serves identity over `database`, and what a test does with it. No socket: requests are handed in. */
export class ShopServer {
  readonly app: AnyElysia;
  readonly parts: IdentityParts;
  readonly lines: string[] = [];
  readonly #database: Database;

  constructor(database: Database, options: ShopServerOptions = {}) {
    const { cache = new MemorySessionCache(), limits = new LoginLimits(undefined), mount, shopless_paths } = options;
    this.#database = database;
    const tokens = new AccessTokens({
      secret: "a test signs with this and nobody else",
      algorithm: "HS256",
      expire_minutes: 15,
    });
    const tenants = new Tenants(database, VERTICAL);
    const sessions = new DatabaseSessions({ database, role: VERTICAL, cache });
    const log = pino({ level: "debug" }, { write: (line: string) => void this.lines.push(line) });
    const readiness = new Readiness();
    readiness.serving();
    this.parts = { database, role: VERTICAL, tokens, tenants, sessions, limits, log };
    const gate = new Gate({
      tenants,
      tokens,
      sessions,
      base_domain: "shops.example",
      public_paths: publicPaths,
      shopless_paths: shopless_paths ?? new Set(),
      max_body_bytes: 1_000_000,
    });
    const common = { log, metrics: new Metrics(), readiness, cors_origins: [], max_body_bytes: 1_000_000, gate };
    this.app = createApp(common, (root) => {
      const served = root.use(identityRoutes(this.parts));
      return mount ? mount(served) : served;
    });
  }

  async call<T = Record<string, unknown>>(method: string, path: string, options: Call = {}): Promise<Answer<T>> {
    const { token, body, slug = "casa-verde", headers = {} } = options;
    const request = new Request(`http://${slug}.shops.example${path}`, {
      method,
      headers: {
        host: `${slug}.shops.example`,
        ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
        ...(body === undefined ? {} : { "content-type": "application/json" }),
        ...headers,
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const answer = await this.app.handle(request);
    const text = await answer.text();
    return { status: answer.status, headers: answer.headers, body: text === "" ? undefined : JSON.parse(text) };
  }

  async login(email: string, password = PASSWORD, slug = "casa-verde"): Promise<SignedIn> {
    const answer = await this.call<SignedIn>("POST", "/auth/login", { body: { email, password }, slug });
    if (answer.status !== 200) throw new Error(`login answered ${answer.status}: ${JSON.stringify(answer.body)}`);
    return answer.body;
  }

  /** The status of a request that needs a session. */
  async me(token: string, slug?: string): Promise<number> {
    return (await this.call("GET", "/auth/me", { token, ...(slug === undefined ? {} : { slug }) })).status;
  }

  /** A shop with an admin `admin@<slug>.example`; its id. */
  async makeShop(slug: string): Promise<string> {
    const { tenant_id } = await this.#database.transaction({ role: OWNER }, (tx) =>
      createTenant(tx, { slug, name: `Shop ${slug}` }),
    );
    await this.makeUser(tenant_id, `admin@${slug}.example`, "admin");
    return tenant_id;
  }

  async makeUser(tenant_id: string, email: string, role: UserRole): Promise<User> {
    const password_hash = await hash;
    return await this.#database.transaction({ role: VERTICAL, tenant_id }, (tx) =>
      createUser(tx, tenant_id, { name: email, email, password_hash, role }),
    );
  }
}
