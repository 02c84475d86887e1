import type { Tenant } from "../src/platform/tenancy/tenant.ts";
import { withSession } from "../test/harness/session.ts";

/** Ids of `count` shops, the same in every process that asks. */
export function shopIds(count: number): string[] {
  return Array.from({ length: count }, (_, i) => `0190bec4-0000-7000-8000-${(i + 1).toString(16).padStart(12, "0")}`);
}

/** Adds `count` shops to the database where `admin` is superuser. */
export async function makeShops(admin: string, count: number): Promise<string[]> {
  const ids = shopIds(count);
  await withSession(
    admin,
    (sql) => sql`
      insert into tenants (tenant_id, slug, name)
      select id::uuid, 'shop-' || row_number() over (), 'Shop'
      from json_array_elements_text(${JSON.stringify(ids)}::text::json) as id
      on conflict do nothing`,
  );
  return ids;
}

/** A shop as a unit of work wants it, without asking the database. */
export function shopOf(tenant_id: string): Tenant {
  return {
    tenant_id,
    slug: "shop",
    name: "Shop",
    time_zone: "America/Sao_Paulo",
    locale: "pt-BR",
    active: true,
    logo_url: null,
    primary_color: "#1a73e8",
    secondary_color: "#ea4335",
    features: {},
  };
}
