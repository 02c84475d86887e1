import type { AnyElysia } from "elysia";
import pino from "pino";
import { type Construction, construction } from "../../src/contracts/construction.ts";
import { AccessTokens } from "../../src/platform/auth/tokens.ts";
import type { Row } from "../../src/platform/database/database.ts";
import { VERTICAL } from "../../src/platform/database/roles.ts";
import { instantNow } from "../../src/platform/events/instant.ts";
import { EventContracts } from "../../src/platform/events/ledger.ts";
import { createApp } from "../../src/platform/http/app.ts";
import { Gate } from "../../src/platform/http/gate.ts";
import { Metrics } from "../../src/platform/observability/metrics.ts";
import { Readiness } from "../../src/platform/observability/readiness.ts";
import { Tenants } from "../../src/platform/tenancy/tenant.ts";
import { type Actor, UnitOfWork, type UserRole } from "../../src/platform/tenancy/unit-of-work.ts";
import { constructionRoutes } from "../../src/verticals/construction/index.ts";
import type { ShopWork } from "../../src/verticals/construction/work.ts";
import type { Stand } from "./stand.ts";

/** An answer as a client sees it; `body` is whatever JSON came. */
export interface Answer {
  status: number;
  headers: Headers;
  // biome-ignore lint/suspicious/noExplicitAny: tests look into answers of every shape
  body: any;
}

interface Call {
  as?: UserRole;
  headers?: Record<string, string>;
}

const CONTRACTS = new EventContracts("construction", construction);
const PARTITIONS = 16;

/** One shop on a migrated database, and its API behind the real gate; sessions always stand. */
export class Shop {
  readonly slug: string;
  readonly tenant_id = Bun.randomUUIDv7();
  readonly admin: Actor = { id: Bun.randomUUIDv7(), role: "admin" };
  readonly seller: Actor = { id: Bun.randomUUIDv7(), role: "seller" };
  readonly stand: Stand;
  readonly uow: UnitOfWork<Construction>;
  readonly app: AnyElysia;
  readonly #tokens = new AccessTokens({ secret: "s".repeat(32), algorithm: "HS256", expire_minutes: 10 });
  readonly #tenants: Tenants;

  private constructor(stand: Stand, slug: string) {
    this.stand = stand;
    this.slug = slug;
    this.uow = new UnitOfWork<Construction>({
      database: stand.vertical,
      role: VERTICAL,
      contracts: CONTRACTS,
      partitions: PARTITIONS,
      committed: () => undefined,
    });
    this.#tenants = new Tenants(stand.vertical, VERTICAL);
    const readiness = new Readiness();
    readiness.serving();
    const gate = new Gate({
      tenants: this.#tenants,
      tokens: this.#tokens,
      sessions: {
        standing: async (_tenant, session) =>
          [this.admin, this.seller]
            .map(({ id, role }) => ({ user_id: id, role }))
            .find(({ user_id }) => user_id === session),
      },
      base_domain: "shops.example",
      public_paths: new Set(),
      shopless_paths: new Set(),
      max_body_bytes: 1024 * 1024,
    });
    this.app = createApp(
      {
        log: pino({ level: "error" }),
        metrics: new Metrics(),
        readiness,
        cors_origins: [],
        max_body_bytes: 1024 * 1024,
        gate,
      },
      (app) => app.use(constructionRoutes({ uow: this.uow })),
    );
  }

  static async open(stand: Stand, slug = "casa-verde", features: Record<string, boolean> = {}): Promise<Shop> {
    const shop = new Shop(stand, slug);
    await stand.admin.query(
      "insert into tenants (tenant_id, slug, name, features) values ($1, $2, $3, $4::text::jsonb)",
      [shop.tenant_id, slug, `Shop ${slug}`, JSON.stringify(features)],
    );
    return shop;
  }

  async call(method: string, path: string, body?: unknown, { as = "admin", headers = {} }: Call = {}): Promise<Answer> {
    const user = as === "admin" ? this.admin : this.seller;
    const token = await this.#tokens.sign({
      sub: user.id,
      tenant_id: this.tenant_id,
      email: "someone@casaverde.example",
      role: user.role,
      session_id: user.id,
    });
    const response = await this.app.handle(
      new Request(`http://${this.slug}.shops.example/api/v1${path}`, {
        method,
        headers: {
          host: `${this.slug}.shops.example`,
          authorization: `Bearer ${token}`,
          ...(body === undefined ? {} : { "content-type": "application/json" }),
          ...headers,
        },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      }),
    );
    const text = await response.text();
    return { status: response.status, headers: response.headers, body: text === "" ? undefined : JSON.parse(text) };
  }

  get = (path: string, call?: Call) => this.call("GET", path, undefined, call);
  post = (path: string, body?: unknown, call?: Call) => this.call("POST", path, body, call);
  patch = (path: string, body: unknown, call?: Call) => this.call("PATCH", path, body, call);
  delete = (path: string, call?: Call) => this.call("DELETE", path, undefined, call);

  /** Does `work` as the admin, or as nobody, at `now`. */
  async work<T>(
    work: (work: ShopWork) => Promise<T>,
    options: { now?: string; actor?: Actor | null } = {},
  ): Promise<T> {
    const tenant = await this.#tenants.bySlug(this.slug);
    if (!tenant) throw new Error(`no shop ${this.slug}`);
    const { now = instantNow(), actor = this.admin } = options;
    return await this.uow.run({ tenant, actor, trace: null, now }, work);
  }

  /** What the ledger holds of this shop, in order. */
  async events(type?: string): Promise<{ event_type: string; key: string; payload: Record<string, unknown> }[]> {
    return await this.stand.admin.query<Row & { event_type: string; key: string; payload: Record<string, unknown> }>(
      `select event_type, key, payload from event_log
       where tenant_id = $1 and ($2::text is null or event_type = $2) order by seq`,
      [this.tenant_id, type ?? null],
    );
  }

  /** A product of this shop; what is not given is some building material for 10.00. */
  async product(fields: Record<string, unknown> = {}): Promise<string> {
    return await this.#made("/products", { name: "Cimento CP II 50 kg", unit: "SC", base_price: "10.00", ...fields });
  }

  async customer(fields: Record<string, unknown> = {}): Promise<string> {
    return await this.#made("/customers", { kind: "individual", name: "Maria da Silva", ...fields });
  }

  async quote(fields: Record<string, unknown>): Promise<string> {
    return await this.#made("/quotes", fields);
  }

  async order(fields: Record<string, unknown>): Promise<string> {
    return await this.#made("/orders", fields);
  }

  async #made(path: string, body: unknown): Promise<string> {
    const answer = await this.post(path, body);
    if (answer.status !== 201) throw new Error(`POST ${path}: ${answer.status} ${JSON.stringify(answer.body)}`);
    return answer.body.id;
  }
}
