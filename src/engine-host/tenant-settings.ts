import type { Database, Transaction } from "../platform/database/database.ts";
import { ENGINES } from "../platform/database/roles.ts";
import type { EngineTenant } from "../sdk/context.ts";
import { type EngineConfig, type EngineManifest, withDefaults } from "./manifest.ts";

export interface TenantSetting {
  enabled: boolean;
  /** Defaults applied. */
  config: EngineConfig;
}

/** A tenant with its setting of one engine. */
export interface KnownTenant extends TenantSetting {
  tenant: EngineTenant;
}

/** How long a setting may be out of date: changes take effect within this, without a restart. */
const KEEP_MS = 1000;
const MAX_KEPT = 10_000;

/** Who a tenant is, whether an engine is on for it, and with what configuration. */
export class TenantSettings {
  readonly #database: Database;
  readonly #manifest: EngineManifest;
  readonly #kept = new Map<string, { known: KnownTenant; until: number }>();

  constructor(database: Database, manifest: EngineManifest) {
    this.#database = database;
    this.#manifest = manifest;
  }

  async of(tenant_id: string): Promise<KnownTenant> {
    const found = this.#live(tenant_id);
    if (found) return found;
    const all = await this.#database.transaction({ role: ENGINES }, (tx) => this.load(tx, [tenant_id]));
    return known(all, tenant_id);
  }

  /** Makes sure that all of these are known, through the transaction at hand (of the host's role). */
  async load(tx: Transaction, tenant_ids: Iterable<string>): Promise<Map<string, KnownTenant>> {
    const all = new Map<string, KnownTenant>();
    const missing: string[] = [];
    for (const tenant_id of new Set(tenant_ids)) {
      const found = this.#live(tenant_id);
      if (found) all.set(tenant_id, found);
      else missing.push(tenant_id);
    }
    if (missing.length === 0) return all;
    const rows = await tx.query<
      EngineTenant & { enabled: boolean | null; config: EngineConfig | null } & Record<string, unknown>
    >(
      `select t.*, s.enabled, s.config
       from json_array_elements_text($2::text::json) as wanted (id)
       cross join lateral tenant_by_id(wanted.id::uuid) t
       left join engine_tenant s on s.engine = $1 and s.tenant_id = t.tenant_id`,
      [this.#manifest.name, JSON.stringify(missing)],
    );
    if (this.#kept.size + rows.length > MAX_KEPT) this.#kept.clear();
    const until = performance.now() + KEEP_MS;
    for (const { enabled, config, ...tenant } of rows) {
      const entry: KnownTenant = { tenant, ...settingOf(this.#manifest, enabled, config) };
      all.set(tenant.tenant_id, entry);
      this.#kept.set(tenant.tenant_id, { known: entry, until });
    }
    return all;
  }

  /** What is known of all of these without asking; undefined where something has to be asked. */
  kept(tenant_ids: Iterable<string>): Map<string, KnownTenant> | undefined {
    const all = new Map<string, KnownTenant>();
    for (const tenant_id of tenant_ids) {
      const found = this.#live(tenant_id);
      if (!found) return undefined;
      all.set(tenant_id, found);
    }
    return all;
  }

  /** Forgets what is kept of a tenant: it was just changed here. */
  forget(tenant_id: string): void {
    this.#kept.delete(tenant_id);
  }

  #live(tenant_id: string): KnownTenant | undefined {
    const kept = this.#kept.get(tenant_id);
    return kept && kept.until > performance.now() ? kept.known : undefined;
  }
}

/** The tenant, which must be one of `all`. */
export function known(all: ReadonlyMap<string, KnownTenant>, tenant_id: string): KnownTenant {
  const found = all.get(tenant_id);
  if (!found) throw new Error(`there is no tenant ${tenant_id}`);
  return found;
}

function settingOf(manifest: EngineManifest, enabled: boolean | null, config: EngineConfig | null): TenantSetting {
  return { enabled: enabled ?? manifest.default_enabled, config: withDefaults(manifest.config, config) };
}

/** A tenant's own look at one engine's setting, in a transaction of the host's role. */
export async function readSetting(
  tx: Transaction,
  manifest: EngineManifest,
  tenant_id: string,
): Promise<TenantSetting> {
  const [row] = await tx.query<{ enabled: boolean; config: EngineConfig }>(
    "select enabled, config from engine_tenant where engine = $1 and tenant_id = $2",
    [manifest.name, tenant_id],
  );
  return settingOf(manifest, row?.enabled ?? null, row?.config ?? null);
}

/** Switches an engine for a tenant and, where a configuration is given, replaces that. The caller has checked it. */
export async function writeSetting(
  tx: Transaction,
  engine: string,
  tenant_id: string,
  { enabled, config }: { enabled: boolean; config?: EngineConfig | undefined },
): Promise<void> {
  await tx.query(
    `insert into engine_tenant (engine, tenant_id, enabled, config)
     values ($1, $2, $3, coalesce($4::text::json, '{}'))
     on conflict (engine, tenant_id) do update
       set enabled = excluded.enabled, updated_at = now(), config = coalesce($4::text::json, engine_tenant.config)`,
    [engine, tenant_id, enabled, config === undefined ? null : JSON.stringify(config)],
  );
}
