import type { Database } from "../../platform/database/database.ts";
import { ENGINES } from "../../platform/database/roles.ts";
import { type Tenant, Tenants } from "../../platform/tenancy/tenant.ts";

/** A shop of a test. */
export interface TestTenant<Config> {
  name?: string;
  /** IANA name. America/Sao_Paulo unless given. */
  time_zone?: string;
  /** Language of explanations. "en" unless given. */
  locale?: "pt-BR" | "en";
  /** Whether the engine is on for it; as the engine's default says unless given. */
  enabled?: boolean;
  /** What differs from the configuration's defaults. */
  config?: Partial<Config>;
}

/** Makes the shops, in the order given; their ids are the same in every run. */
export async function makeTenants(
  database: Database,
  wanted: Readonly<Record<string, TestTenant<unknown>>>,
): Promise<Map<string, Tenant>> {
  const made = new Map<string, Tenant>();
  const tenants = new Tenants(database, ENGINES);
  for (const [slug, { name = slug, time_zone = "America/Sao_Paulo", locale = "en" }] of Object.entries(wanted)) {
    await database.query("insert into tenants (tenant_id, slug, name, time_zone, locale) values ($1, $2, $3, $4, $5)", [
      idOf(slug),
      slug,
      name,
      time_zone,
      locale,
    ]);
    const tenant = await tenants.bySlug(slug);
    if (tenant) made.set(slug, tenant);
  }
  return made;
}

function idOf(slug: string): string {
  const hex = new Bun.CryptoHasher("sha256").update(slug).digest("hex");
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-7${hex.slice(13, 16)}-8${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
}
