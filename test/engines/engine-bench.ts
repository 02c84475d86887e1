import type { EngineDefinition, EventEnvelope } from "@basecommerce/engine";
import { type EngineResponse, EngineRoutes } from "../../src/engine-host/engine-routes.ts";
import { installEngine } from "../../src/engine-host/install.ts";
import { manifestOf, withDefaults } from "../../src/engine-host/manifest.ts";
import { engineBatchRole, engineRole } from "../../src/engine-host/names.ts";
import { changeSetting, TenantSettings } from "../../src/engine-host/tenant-settings.ts";
import type { EmbeddedDatabase } from "../../src/platform/database/embedded.ts";
import { createLog } from "../../src/platform/observability/log.ts";
import { scratchDatabase } from "../../src/sdk/testing/scratch-database.ts";

export const TENANT = "018f0000-0000-7000-8000-000000000001";
export const OTHER_TENANT = "018f0000-0000-7000-8000-000000000002";
const USER = "018f0000-0000-7000-8000-00000000000a";

type Shop = { tenant_id: string; time_zone: string; locale: "pt-BR" | "en" };
type Row = Record<string, unknown>;

const SHOP: Shop = { tenant_id: TENANT, time_zone: "America/Sao_Paulo", locale: "en" };

/** An engine on a real database in this process: batches and requests run as the host runs them, role for role. */
export class EngineBench {
  readonly #database: EmbeddedDatabase;
  readonly #definition: EngineDefinition;
  readonly #routes: EngineRoutes;
  readonly #settings: TenantSettings;
  #config: Row;
  /** Whose batches and requests follow. */
  shop = { ...SHOP };

  private constructor(
    database: EmbeddedDatabase,
    definition: EngineDefinition,
    routes: EngineRoutes,
    settings: TenantSettings,
  ) {
    this.#database = database;
    this.#definition = definition;
    this.#routes = routes;
    this.#settings = settings;
    this.#config = withDefaults(manifestOf(definition).config, {});
  }

  static async open(definition: EngineDefinition): Promise<EngineBench> {
    const database = await scratchDatabase();
    await installEngine(database, definition);
    for (const [id, slug] of [
      [TENANT, "one"],
      [OTHER_TENANT, "two"],
    ] as const) {
      await database.query("insert into tenants (tenant_id, slug, name) values ($1, $2, $2)", [id, slug]);
    }
    const manifest = manifestOf(definition);
    const settings = new TenantSettings(database, manifest);
    const routes = new EngineRoutes({ database, definition, manifest, settings, log: await createLog("silent") });
    return new EngineBench(database, definition, routes, settings);
  }

  /** Applies `events` in the given batches, each in a transaction of its own. */
  async apply(...batches: (readonly EventEnvelope[])[]): Promise<void> {
    const subscription = this.#definition.subscriptions.construction;
    if (!subscription || !("batch" in subscription)) throw new Error("the engine has no batch handler");
    const schema = engineRole(this.#definition.name);
    for (const events of batches) {
      if (events.length === 0) continue;
      const context = { configOf: async () => this.#config, tenantOf: async () => this.shop };
      await this.#database.transaction({ role: engineBatchRole(this.#definition.name), schema }, (tx) =>
        subscription.batch(events as never, { db: tx, ...context } as never),
      );
    }
  }

  /** Sets the engine for the shop; what is left out has its default. */
  async configure(config: Record<string, string | number>): Promise<void> {
    const manifest = manifestOf(this.#definition);
    this.#config = withDefaults(manifest.config, config);
    await this.#database.transaction({}, (tx) => changeSetting(tx, manifest, TENANT, { enabled: true, config }));
    this.#settings.forget(TENANT);
  }

  async query<T extends Row = Row>(sql: string, parameters: (string | number | null)[] = []): Promise<T[]> {
    const schema = engineRole(this.#definition.name);
    return await this.#database.transaction({ schema }, (tx) => tx.query<T>(sql, parameters));
  }

  /** All rows of the tables a replay empties, by table, in one order. */
  async derivedRows(): Promise<Record<string, Row[]>> {
    const rows: Record<string, Row[]> = {};
    for (const table of await this.#tables()) {
      if (this.#kept.has(table)) continue;
      rows[table] = await this.query(`select * from ${table} x order by x::text collate "C"`);
    }
    return rows;
  }

  /** Empties the tables a replay empties; `kept` too when `everything` is asked for. */
  async empty(everything = false): Promise<void> {
    const tables = (await this.#tables()).filter((table) => everything || !this.#kept.has(table));
    if (tables.length > 0) await this.query(`truncate ${tables.join(", ")}`);
  }

  /** As it was opened: nothing known, nothing set. */
  async reset(): Promise<void> {
    await this.empty(true);
    await this.configure({});
    this.shop = { ...SHOP };
  }

  async request(method: string, path: string, body?: unknown, role: "admin" | "seller" = "admin") {
    const response = await this.#routes.handle({
      request_id: "test",
      method,
      path,
      body: body === undefined ? null : JSON.stringify(body),
      tenant: {
        ...this.shop,
        slug: "one",
        name: "One",
        active: true,
        logo_url: null,
        primary_color: "#1a73e8",
        secondary_color: "#ea4335",
        features: {},
      },
      actor: { id: USER, role },
    });
    return { status: response.status, body: parsed(response) };
  }

  async close(): Promise<void> {
    await this.#database.close();
  }

  get #kept(): Set<string> {
    return new Set(this.#definition.tables?.kept);
  }

  async #tables(): Promise<string[]> {
    const rows = await this.#database.query<{ tablename: string }>(
      "select tablename::text from pg_tables where schemaname = $1 and tablename <> 'schema_migration' order by 1",
      [engineRole(this.#definition.name)],
    );
    return rows.map(({ tablename }) => tablename);
  }
}

// biome-ignore lint/suspicious/noExplicitAny: answers are looked into, wrong places fail the expectations
function parsed(response: EngineResponse): any {
  return JSON.parse(new TextDecoder().decode(response.body) || "null");
}
