import type { Database, Transaction } from "../platform/database/database.ts";
import { ENGINES } from "../platform/database/roles.ts";
import { type EngineConfig, type EngineManifest, withDefaults } from "./manifest.ts";

export interface TenantSetting {
  enabled: boolean;
  /** Defaults applied. */
  config: EngineConfig;
}

/** How long a setting may be out of date in a Worker: changes take effect within this, without a restart. */
const KEEP_MS = 1000;

/** Whether an engine is on for a tenant and with what configuration. */
export class TenantSettings {
  readonly #database: Database;
  readonly #manifest: EngineManifest;
  readonly #kept = new Map<string, { setting: TenantSetting; until: number }>();

  constructor(database: Database, manifest: EngineManifest) {
    this.#database = database;
    this.#manifest = manifest;
  }

  /** The setting of a tenant, looked up by itself or through the transaction at hand (which must be the host's role). */
  async of(tenant_id: string, tx?: Transaction): Promise<TenantSetting> {
    const now = performance.now();
    const kept = this.#kept.get(tenant_id);
    if (kept && kept.until > now) return kept.setting;
    const setting = tx
      ? await readSetting(tx, this.#manifest, tenant_id)
      : await this.#database.transaction({ role: ENGINES }, (own) => readSetting(own, this.#manifest, tenant_id));
    if (this.#kept.size >= 10_000) this.#kept.clear();
    this.#kept.set(tenant_id, { setting, until: now + KEEP_MS });
    return setting;
  }
}

export async function readSetting(
  tx: Transaction,
  manifest: EngineManifest,
  tenant_id: string,
): Promise<TenantSetting> {
  const [row] = await tx.query<{ enabled: boolean; config: EngineConfig }>(
    "select enabled, config from engine_tenant where engine = $1 and tenant_id = $2",
    [manifest.name, tenant_id],
  );
  return {
    enabled: row?.enabled ?? manifest.default_enabled,
    config: withDefaults(manifest.config, row?.config),
  };
}
