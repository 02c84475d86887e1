import type { Database, Transaction } from "../platform/database/database.ts";
import { Lease } from "../platform/database/lease.ts";
import type { Log } from "../platform/observability/log.ts";
import { Pulse } from "../platform/pulse.ts";
import type { Emit, EngineDb } from "../sdk/context.ts";
import type { EngineDefinition, EngineJob } from "../sdk/engine.ts";
import { lend } from "./lent.ts";
import type { EngineManifest } from "./manifest.ts";
import { engineBatchRole, engineRole } from "./names.ts";
import { Publishing } from "./publishing.ts";
import { untilNext } from "./schedule.ts";
import type { TenantSettings } from "./tenant-settings.ts";

export interface JobParts {
  database: Database;
  definition: EngineDefinition;
  manifest: EngineManifest;
  settings: TenantSettings;
  log: Log;
  owner: string;
  /** Called when a job has emitted events, and they are committed. */
  published?: () => void;
}

const LOOK_EVERY_MS = 500;
const DEFAULT_TIMEOUT_MS = 60_000;

/** Runs an engine's jobs when their time has come, each by one host at a time. No transaction is open around them. */
export class Jobs {
  readonly #parts: JobParts;
  readonly #publishing: Publishing;
  readonly #stopping = new AbortController();
  readonly #pulses: Pulse[] = [];
  #running: Promise<void>[] = [];
  /** Runs that have not ended, by job: also those that were given up and do not heed their signal. */
  readonly #under_way = new Map<string, Promise<void>>();

  constructor(parts: JobParts) {
    this.#parts = parts;
    const { database, definition, published = () => undefined } = parts;
    this.#publishing = new Publishing({ database, engine: definition.name, emits: definition.emits, published });
  }

  start(): void {
    const jobs = Object.entries(this.#parts.definition.jobs ?? {});
    this.#running = jobs.map(([name, job]) => this.#loop(name, job));
  }

  /** Lets the runs in hand see their signal and end. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    for (const pulse of this.#pulses) pulse.beat();
    await Promise.all(this.#running);
  }

  /** Runs a job now, whatever its clock says and whoever else may; rejects with what it throws. */
  async runOnce(name: string): Promise<void> {
    const { definition, manifest } = this.#parts;
    const job = definition.jobs?.[name];
    if (!job) throw new Error(`engine ${manifest.name} has no job ${name}`);
    await this.#attempt(name, job, job.timeout_ms ?? DEFAULT_TIMEOUT_MS);
  }

  async #loop(name: string, job: EngineJob<never>): Promise<void> {
    const { database, manifest, log, owner } = this.#parts;
    const timeout_ms = job.timeout_ms ?? DEFAULT_TIMEOUT_MS;
    const lease = new Lease(database, `job ${manifest.name} ${name}`, owner, timeout_ms / 1000 + 10);
    const pulse = new Pulse();
    this.#pulses.push(pulse);
    while (!this.#stopping.signal.aborted) {
      try {
        if (this.#under_way.has(name)) {
          // Given up, and still at work: no host runs it again before that has ended.
          await lease.hold();
        } else if ((await this.#isDue(name, job)) && (await lease.hold())) {
          // Somebody else may have run it between the look and the lease.
          if (await this.#isDue(name, job)) await this.#run(name, job, timeout_ms);
          if (!this.#under_way.has(name)) await lease.release();
        }
      } catch (error) {
        log.warn({ err: error, job: name }, "job interrupted");
      }
      await pulse.wait(LOOK_EVERY_MS);
    }
  }

  async #isDue(name: string, job: EngineJob<never>): Promise<boolean> {
    const { database, manifest } = this.#parts;
    const [row] = await database.query<{ due: boolean }>(
      `with made as (
         insert into engine_job (engine, job, next_run_at)
         values ($1, $2, clock_timestamp() + make_interval(secs => $3)) on conflict do nothing)
       select next_run_at <= clock_timestamp() as due from engine_job where engine = $1 and job = $2`,
      [manifest.name, name, job.every === undefined ? untilNext(job) / 1000 : 0],
    );
    return row?.due ?? false;
  }

  async #run(name: string, job: EngineJob<never>, timeout_ms: number): Promise<void> {
    const { database, manifest, log } = this.#parts;
    await database.query(
      `update engine_job set started_at = clock_timestamp(), finished_at = null, error_message = null,
         next_run_at = clock_timestamp() + make_interval(secs => $3)
       where engine = $1 and job = $2`,
      [manifest.name, name, untilNext(job) / 1000],
    );
    let problem: string | null = null;
    try {
      await this.#attempt(name, job, timeout_ms);
    } catch (error) {
      problem = error instanceof Error ? error.message : String(error);
      log.error({ err: error, job: name }, "job failed; it runs again at its next time");
    }
    await database.query(
      "update engine_job set finished_at = clock_timestamp(), error_message = $3 where engine = $1 and job = $2",
      [manifest.name, name, problem],
    );
  }

  async #attempt(name: string, job: EngineJob<never>, timeout_ms: number): Promise<void> {
    const late = AbortSignal.timeout(timeout_ms);
    const context = this.#context(AbortSignal.any([this.#stopping.signal, late]), late);
    const run = (async () => void (await job.run(context)))();
    this.#under_way.set(name, run);
    const over = () => void this.#under_way.delete(name);
    await Promise.race([
      run.finally(over),
      new Promise<never>((_, reject) => {
        late.addEventListener("abort", () => reject(new Error(`took longer than ${timeout_ms} ms`)), { once: true });
      }),
    ]);
  }

  /** A transaction that is open when the run is `late` is given up; one begun after that is not begun. */
  #context(signal: AbortSignal, late: AbortSignal): never {
    const { database, manifest, settings, log } = this.#parts;
    const schema = engineRole(manifest.name);
    const limits = { schema, idle_timeout_ms: 30_000, statement_timeout_ms: 30_000, lent: true } as const;
    const lent = (work: (db: EngineDb) => Promise<unknown>) => (tx: Transaction) => lend(tx, { cut: late }, work);
    return {
      transaction: async (tenant_id: string, work: (db: EngineDb, emit: Emit<never>) => Promise<unknown>) => {
        // Rejects for a shop that was deleted: a run that began before must not make rows of it anew.
        const { enabled } = await settings.of(tenant_id);
        const publication = await this.#publishing.begin(tenant_id, null);
        const result = await database.transaction({ role: schema, tenant_id, ...limits }, async (tx) => {
          const done = await lent((db) => work(db, publication.emit))(tx);
          if (enabled) publication.append(tx);
          return done;
        });
        publication.committed();
        return result;
      },
      everywhere: (work: (db: EngineDb) => Promise<unknown>) =>
        database.transaction({ role: engineBatchRole(manifest.name), ...limits }, lent(work)),
      settingOf: async (tenant_id: string) => {
        const { enabled, config } = await settings.of(tenant_id);
        return { enabled, config };
      },
      tenantOf: async (tenant_id: string) => (await settings.of(tenant_id)).tenant,
      log,
      signal,
    } as never;
  }
}
