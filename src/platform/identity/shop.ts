import { cnpj } from "cpf-cnpj-validator";
import type { Database, Row, Transaction } from "../database/database.ts";
import { isUniqueViolation } from "../database/errors.ts";
import { conflict, type FieldError, notFound, unprocessable } from "../http/problem.ts";
import { isSlug, type Tenant, type Tenants } from "../tenancy/tenant.ts";
import type { ShopChanges, ShopView } from "./shop-shape.ts";

const COLUMNS = `tenant_id, slug, name, tax_id, email, phone, address, time_zone, locale, active, logo_url,
  primary_color, secondary_color, features, created_at, updated_at`;

export interface NewTenant {
  slug: string;
  name: string;
  time_zone?: string;
  locale?: Tenant["locale"];
  features?: Record<string, boolean>;
}

/**
 * Makes a shop; only the owner's role may. 422 for a slug or zone that is none, 409 `slug_taken`.
 */
export async function createTenant(tx: Transaction, tenant: NewTenant): Promise<ShopView> {
  const { slug, name, time_zone = "America/Sao_Paulo", locale = "pt-BR", features = {} } = tenant;
  if (!isSlug(slug)) {
    throw unprocessable([{ path: "/slug", message: "must be 3–63 of a–z, 0–9 and inner hyphens" }]);
  }
  requireValid({ time_zone });
  try {
    const [made] = await tx.query<ShopView & Row>(
      `insert into tenants (tenant_id, slug, name, time_zone, locale, features)
       values ($1, $2, $3, $4, $5, $6::text::jsonb) returning ${COLUMNS}`,
      [Bun.randomUUIDv7(), slug, name, time_zone, locale, JSON.stringify(features)],
    );
    if (!made) throw new Error("the insert returned no row");
    return made;
  } catch (error) {
    if (isUniqueViolation(error)) throw conflict("slug_taken", `there is a shop ${slug} already`);
    throw error;
  }
}

export interface ShopParts {
  database: Database;
  role: string;
  tenants: Tenants;
}

/** A shop's own record: who it is, how it looks, what is switched on. */
export class Shop {
  readonly #parts: ShopParts;

  constructor(parts: ShopParts) {
    this.#parts = parts;
  }

  async get(tenant: Tenant): Promise<ShopView> {
    return await this.#run(tenant, (tx) => read(tx, tenant, ""));
  }

  async change(tenant: Tenant, change: ShopChanges): Promise<ShopView> {
    requireValid(change);
    const after = await this.#run(tenant, async (tx) => {
      const before = await read(tx, tenant, "for no key update");
      const next = { ...before, ...change, features: { ...before.features, ...change.features } };
      const [row] = await tx.query<ShopView & Row>(
        `update tenants set name = $2, tax_id = $3, email = $4, phone = $5, address = $6::text::json, time_zone = $7,
           locale = $8, logo_url = $9, primary_color = $10, secondary_color = $11, features = $12::text::jsonb,
           updated_at = now()
         where tenant_id = $1 returning ${COLUMNS}`,
        [
          tenant.tenant_id,
          next.name,
          next.tax_id === null ? null : cnpj.strip(next.tax_id),
          next.email,
          next.phone,
          next.address === null ? null : JSON.stringify(next.address),
          next.time_zone,
          next.locale,
          next.logo_url,
          next.primary_color,
          next.secondary_color,
          JSON.stringify(next.features),
        ],
      );
      return row;
    });
    this.#parts.tenants.forget(tenant.slug);
    if (!after) throw notFound("shop");
    return after;
  }

  async #run<T>(tenant: Tenant, work: (tx: Transaction) => Promise<T>): Promise<T> {
    const { database, role } = this.#parts;
    return await database.transaction({ role, tenant_id: tenant.tenant_id, statement_timeout_ms: 15_000 }, work);
  }
}

async function read(tx: Transaction, tenant: Tenant, lock: string): Promise<ShopView> {
  const [row] = await tx.query<ShopView & Row>(`select ${COLUMNS} from tenants where tenant_id = $1 ${lock}`, [
    tenant.tenant_id,
  ]);
  if (!row) throw notFound("shop");
  return row;
}

function isTimeZone(name: string): boolean {
  return name === "UTC" || Intl.supportedValuesOf("timeZone").includes(name);
}

function requireValid({ time_zone, tax_id }: Pick<ShopChanges, "time_zone" | "tax_id">): void {
  const errors: FieldError[] = [];
  if (time_zone !== undefined && !isTimeZone(time_zone)) {
    errors.push({ path: "/time_zone", message: "is not a time zone's IANA name, e.g. America/Sao_Paulo" });
  }
  if (tax_id !== undefined && tax_id !== null && !cnpj.isValid(tax_id)) {
    errors.push({ path: "/tax_id", message: "is not a valid CNPJ" });
  }
  if (errors.length > 0) throw unprocessable(errors);
}
