import pino from "pino";
import type { KnownContracts } from "../../src/engine-host/dispatch.ts";
import { installEngine } from "../../src/engine-host/install.ts";
import { EngineInstance } from "../../src/engine-host/instance.ts";
import type { Pace } from "../../src/engine-host/pace.ts";
import { PostgresDatabase } from "../../src/platform/database/postgres.ts";
import { OWNER } from "../../src/platform/database/roles.ts";
import { appendEvents, type NewEvent } from "../../src/platform/events/ledger.ts";
import { LedgerReader } from "../../src/platform/events/ledger-reader.ts";
import { partitionOf } from "../../src/platform/events/partition.ts";
import { LedgerStreams } from "../../src/platform/streams/ledger-streams.ts";
import type { EngineDefinition } from "../../src/sdk/engine.ts";
import { testDatabase } from "../harness/database.ts";
import { until } from "../harness/until.ts";
import { KillableDatabase } from "./killable.ts";

const PARTITIONS = 4;
const PACE = { lease_seconds: 1, balance_ms: 50, retry_ms: 5, block_ms: 50 };
const log = pino({ level: "silent" });

/** A host of one engine: killable, stoppable. */
export interface Host {
  instance: EngineInstance;
  database: KillableDatabase;
  /** Ends it as kill -9 does: its leases stay, what was open is rolled back. */
  kill(): Promise<void>;
  stop(): Promise<void>;
}

/** A database with tenants, a ledger, streams that come straight from it, and as many hosts as a test wants. */
export class Scene {
  readonly admin: PostgresDatabase;
  readonly tenants: string[] = [];
  readonly #urls: Record<"admin" | "owner" | "engines" | "relay", string>;
  readonly #hosts = new Set<Host>();
  readonly #streams: LedgerStreams;
  readonly #relay: PostgresDatabase;
  #published = 0;
  #names = 0;
  /** How often the relay was told that there is news. */
  hints = 0;

  private constructor(urls: Record<"admin" | "owner" | "engines" | "relay", string>) {
    this.#urls = urls;
    this.admin = new PostgresDatabase({ url: urls.admin, application_name: "scene", max: 4 });
    this.#relay = new PostgresDatabase({ url: urls.relay, application_name: "scene relay", max: 2 });
    this.#streams = new LedgerStreams(new LedgerReader(this.#relay));
    this.#streams.onWake(() => {
      this.hints++;
    });
  }

  static async open(tenants = 3): Promise<Scene> {
    const { urls } = await testDatabase();
    const scene = new Scene(urls);
    await scene.admin.query(
      "insert into event_stream values ('construction', $1) on conflict (stream) do update set partitions = $1",
      [PARTITIONS],
    );
    await scene.admin.transaction({ role: OWNER }, async (tx) => {
      for (let i = 0; i < tenants; i++) {
        const id = Bun.randomUUIDv7();
        scene.tenants.push(id);
        await tx.query("insert into tenants (tenant_id, slug, name) values ($1, $2, $2)", [id, `shop-${i}`]);
      }
    });
    return scene;
  }

  /** For the command line. */
  get owner_url(): string {
    return this.#urls.owner;
  }

  /** Where hosts log in. */
  get engines_url(): string {
    return this.#urls.engines;
  }

  async install(definition: EngineDefinition): Promise<void> {
    await installEngine(this.admin, definition);
  }

  /** Starts a host of `definition`, which must be installed; `contracts` make it a program of another version. */
  async host(definition: EngineDefinition, contracts?: KnownContracts, pace: Partial<Pace> = {}): Promise<Host> {
    const database = new KillableDatabase(this.#urls.engines, this.#urls.admin, `host ${this.#names++}`);
    const instance = new EngineInstance(definition, {
      database,
      installer: undefined,
      streams: this.#streams,
      log,
      pace: { ...PACE, ...pace },
      ...(contracts && { contracts }),
    });
    await instance.start();
    const host: Host = {
      instance,
      database,
      kill: async () => {
        await database.kill();
        await host.stop();
      },
      stop: async () => {
        if (!this.#hosts.delete(host)) return;
        await instance.stop();
        await database.close();
      },
    };
    this.#hosts.add(host);
    return host;
  }

  /** Writes events of a tenant, `stock_updated` unless said otherwise, one for each key; `note` ends up as the reason. Returns nothing published yet. */
  async write(
    events: readonly { tenant: number; key: string; note: string; version?: number; event_type?: string }[],
  ): Promise<void> {
    const rows = events.map(({ tenant, key, note, version = 1, event_type = "stock_updated" }): NewEvent => {
      const tenant_id = this.tenants[tenant] ?? "";
      return {
        event_id: Bun.randomUUIDv7(),
        tenant_id,
        stream: "construction",
        partition: partitionOf(tenant_id, PARTITIONS),
        event_type,
        version,
        key,
        payload: { product_id: key, reason: note },
        occurred_at: new Date().toISOString(),
        trace: null,
        causation_id: null,
        hops: 0,
      };
    });
    await this.admin.transaction({}, (tx) => appendEvents(tx, rows));
  }

  /** Does the relay's work for everything written so far; `hidden` keeps entries out of the streams, as a trim does. */
  async publish({ hidden = false } = {}): Promise<void> {
    const reader = new LedgerReader(this.admin);
    const entries = (await reader.after(this.#published, 100_000)).map((event) => ({ ...event, prev: 0 }));
    this.#published = entries.at(-1)?.seq ?? this.#published;
    const last = new Map(entries.map((entry) => [entry.partition, entry.seq]));
    for (const [partition, seq] of last) {
      await this.admin.query(
        `insert into relay_progress (stream, partition, settled_seq, last_seq) values ('construction', $1, $2, $2)
         on conflict (stream, partition) do update set settled_seq = excluded.settled_seq, last_seq = excluded.last_seq`,
        [partition, seq],
      );
    }
    if (!hidden) await this.#streams.append(entries);
  }

  /** Waits until the engine has gone past everything that was published, and nothing of it waits for another attempt. */
  async settled(engine: string, timeout = 20_000): Promise<void> {
    await until(
      async () => {
        const [row] = await this.admin.query<{ behind: number; parked: number; known: number }>(
          `select (select count(*) from event_log l join engine_position p using (stream, partition)
                   where p.engine = $1 and l.seq > p.position) as behind,
                  (select count(*) from parked_event where engine = $1 and state = 'parked') as parked,
                  (select count(*) from engine_position where engine = $1) as known`,
          [engine],
        );
        if (row?.behind === 0 && row.parked === 0 && row.known === PARTITIONS) return true;
        throw new Error(JSON.stringify(row));
      },
      { what: `engine ${engine} to be done`, timeout },
    );
  }

  /** Rows of an engine's table, as the administrator sees them. */
  async rows(sql: string): Promise<Record<string, unknown>[]> {
    return await this.admin.query(sql);
  }

  async parked(engine: string): Promise<Record<string, unknown>[]> {
    return await this.admin.query(
      "select key, payload->>'reason' as note, state, attempts, error_code from parked_event where engine = $1 order by seq",
      [engine],
    );
  }

  /** Under the engines' login: what a plugin's SQL can reach. */
  async asEngines<T>(role: string, work: (query: (sql: string) => Promise<unknown[]>) => Promise<T>): Promise<T> {
    const database = new PostgresDatabase({ url: this.#urls.engines, application_name: "plugin", max: 1 });
    try {
      return await database.transaction({ role }, (tx) => work((sql) => tx.query(sql)));
    } finally {
      await database.close();
    }
  }

  async close(): Promise<void> {
    await Promise.all([...this.#hosts].map((host) => host.stop()));
    await this.#streams.close();
    await Promise.all([this.admin.close(), this.#relay.close()]);
  }
}
