import type { Database, Transaction } from "../platform/database/database.ts";
import { ENGINES } from "../platform/database/roles.ts";
import { unprocessable } from "../platform/http/problem.ts";
import type { EngineTenant } from "../sdk/context.ts";
import { configErrors, type EngineConfig, type EngineManifest, unsetIn, withDefaults } from "./manifest.ts";

export interface TenantSetting {
  /** False also where something is unset. */
  enabled: boolean;
  /** Defaults applied. */
  config: EngineConfig;
  /** Properties without a default that the tenant has not set. */
  unset: readonly string[];
}

/** A tenant with its setting of one engine. */
export interface KnownTenant extends TenantSetting {
  tenant: EngineTenant;
}

/** How long a setting may be out of date: changes take effect within this, without a restart. */
const KEEP_MS = 1000;
/** Those that are asked for when they are this old are read again meanwhile, so that who is busy never waits for it. */
const RENEW_MS = KEEP_MS / 2;
/** Shops that are to be read again are gathered for this long. */
const GATHER_MS = KEEP_MS / 4;
const MAX_KEPT = 10_000;

/** Who a tenant is, whether an engine is on for it, and with what configuration. */
export class TenantSettings {
  readonly #database: Database;
  readonly #manifest: EngineManifest;
  readonly #kept = new Map<string, { known: KnownTenant; until: number }>();
  readonly #ageing = new Set<string>();
  #renewing = false;
  /** How often something was forgotten: what was read before may be what was forgotten. */
  #forgotten = 0;

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
    const read = await this.#readAndKeep(tx, missing);
    for (const [tenant_id, entry] of read) all.set(tenant_id, entry);
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
    this.#forgotten++;
    this.#kept.delete(tenant_id);
  }

  #live(tenant_id: string): KnownTenant | undefined {
    const kept = this.#kept.get(tenant_id);
    const left = (kept?.until ?? 0) - performance.now();
    if (left <= 0) return undefined;
    if (left < KEEP_MS - RENEW_MS) this.#renew(tenant_id);
    return kept?.known;
  }

  /** Has a setting read again beside whatever goes on, together with others that are as old. */
  #renew(tenant_id: string): void {
    this.#ageing.add(tenant_id);
    if (this.#renewing) return;
    this.#renewing = true;
    setTimeout(() => {
      const tenant_ids = [...this.#ageing];
      this.#ageing.clear();
      this.#renewing = false;
      // Where it fails, whoever needs them next reads them, and hears why.
      this.#readAgain(tenant_ids).catch(() => undefined);
    }, GATHER_MS).unref();
  }

  async #readAgain(tenant_ids: readonly string[]): Promise<void> {
    await this.#database.transaction({ role: ENGINES }, (tx) => this.#readAndKeep(tx, tenant_ids));
  }

  async #readAndKeep(tx: Transaction, tenant_ids: readonly string[]): Promise<Map<string, KnownTenant>> {
    const [forgotten, until] = [this.#forgotten, performance.now() + KEEP_MS];
    const read = await this.#read(tx, tenant_ids);
    if (this.#kept.size + read.size > MAX_KEPT) this.#kept.clear();
    if (forgotten === this.#forgotten)
      for (const [tenant_id, known] of read) this.#kept.set(tenant_id, { known, until });
    return read;
  }

  async #read(tx: Transaction, tenant_ids: readonly string[]): Promise<Map<string, KnownTenant>> {
    const rows = await tx.query<
      EngineTenant & { enabled: boolean | null; config: EngineConfig | null } & Record<string, unknown>
    >(
      `select t.*, s.enabled, s.config
       from json_array_elements_text($2::text::json) as wanted (id)
       cross join lateral tenant_by_id(wanted.id::uuid) t
       left join engine_tenant s on s.engine = $1 and s.tenant_id = t.tenant_id`,
      [this.#manifest.name, JSON.stringify(tenant_ids)],
    );
    return new Map(
      rows.map(({ enabled, config, ...tenant }) => [
        tenant.tenant_id,
        { tenant, ...settingOf(this.#manifest, enabled, config) },
      ]),
    );
  }
}

/** The tenant, which must be one of `all`. */
export function known(all: ReadonlyMap<string, KnownTenant>, tenant_id: string): KnownTenant {
  const found = all.get(tenant_id);
  if (!found) throw new Error(`there is no tenant ${tenant_id}`);
  return found;
}

function settingOf(manifest: EngineManifest, enabled: boolean | null, config: EngineConfig | null): TenantSetting {
  const full = withDefaults(manifest.config, config);
  const unset = unsetIn(manifest.config, full);
  return { enabled: (enabled ?? manifest.default_enabled) && unset.length === 0, config: full, unset };
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

/**
 * Switches an engine for a tenant and, where a configuration is given, replaces that. Throws a `Problem` of 422 with the
 * places that do not fit; what has no default may be left unset only where the engine is off.
 */
export async function changeSetting(
  tx: Transaction,
  manifest: Pick<EngineManifest, "name" | "config">,
  tenant_id: string,
  { enabled, config }: { enabled: boolean; config?: EngineConfig | undefined },
): Promise<void> {
  if (enabled || config !== undefined) {
    const [kept] = await tx.query<{ config: EngineConfig }>(
      "select config from engine_tenant where engine = $1 and tenant_id = $2 for update",
      [manifest.name, tenant_id],
    );
    const errors = configErrors(manifest.config, config ?? kept?.config ?? {}, { complete: enabled });
    if (errors.length > 0) throw unprocessable(errors);
  }
  await tx.query(
    `insert into engine_tenant (engine, tenant_id, enabled, config)
     values ($1, $2, $3, coalesce($4::text::json, '{}'))
     on conflict (engine, tenant_id) do update
       set enabled = excluded.enabled, updated_at = now(), config = coalesce($4::text::json, engine_tenant.config)`,
    [manifest.name, tenant_id, enabled, config === undefined ? null : JSON.stringify(config)],
  );
}
