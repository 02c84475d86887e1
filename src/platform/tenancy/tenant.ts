import type { Database } from "../database/database.ts";

/** What every request needs to know of its shop. */
export interface Tenant {
  tenant_id: string;
  slug: string;
  name: string;
  /** IANA name; the tenant's days are days of this zone. */
  time_zone: string;
  locale: "pt-BR" | "en";
  active: boolean;
  logo_url: string | null;
  primary_color: string;
  secondary_color: string;
  features: Record<string, boolean>;
}

const SLUG = /^[a-z0-9](?:[a-z0-9-]{1,61}[a-z0-9])$/;

export function isSlug(text: string): boolean {
  return SLUG.test(text);
}

/**
 * The slug a request is for: `X-Tenant-Slug` (nginx sets it from the subdomain), or else, without a proxy, the Host's
 * subdomain of `base_domain`. Undefined when there is none or it is malformed.
 */
export function slugOf(headers: Headers, base_domain: string): string | undefined {
  const header = headers.get("x-tenant-slug");
  if (header !== null) return isSlug(header) ? header : undefined;
  const host = (headers.get("host") ?? "").toLowerCase().replace(/:\d+$/, "");
  for (const base of [base_domain, "localhost"]) {
    if (!host.endsWith(`.${base}`)) continue;
    const slug = host.slice(0, -base.length - 1);
    return isSlug(slug) ? slug : undefined;
  }
  return undefined;
}

interface Kept {
  tenant: Promise<Tenant | undefined>;
  until: number;
}

const MAX_KEPT = 10_000;

/** Finds tenants by slug; answers, also "unknown", are kept for a few seconds, so a suspension takes effect within them. */
export class Tenants {
  readonly #database: Database;
  readonly #role: string;
  readonly #keep_ms: number;
  readonly #kept = new Map<string, Kept>();

  constructor(database: Database, role: string, keep_ms = 5000) {
    this.#database = database;
    this.#role = role;
    this.#keep_ms = keep_ms;
  }

  async bySlug(slug: string): Promise<Tenant | undefined> {
    const now = performance.now();
    const kept = this.#kept.get(slug);
    if (kept && kept.until > now) return await kept.tenant;
    // The question is kept, not the answer: a hundred requests at once ask the database once.
    const asked: Kept = { tenant: this.#ask(slug), until: now + this.#keep_ms };
    this.#keep(slug, asked);
    try {
      return await asked.tenant;
    } catch (error) {
      if (this.#kept.get(slug) === asked) this.#kept.delete(slug);
      throw error;
    }
  }

  /** Forgets what is kept of a tenant: it was just changed here. */
  forget(slug: string): void {
    this.#kept.delete(slug);
  }

  async #ask(slug: string): Promise<Tenant | undefined> {
    const [tenant] = await this.#database.transaction({ role: this.#role, statement_timeout_ms: 5000 }, (tx) =>
      tx.query<Tenant & Record<string, unknown>>("select * from tenant_by_slug($1)", [slug]),
    );
    return tenant;
  }

  #keep(slug: string, kept: Kept): void {
    this.#kept.delete(slug);
    // Bounded, the oldest goes first: strangers choose the slugs.
    for (const oldest of this.#kept.keys()) {
      if (this.#kept.size < MAX_KEPT) break;
      this.#kept.delete(oldest);
    }
    this.#kept.set(slug, kept);
  }
}
