import { basename } from "node:path";
import { type TestDatabase, testDatabase } from "../test/harness/database.ts";
import { freePort } from "../test/harness/ports.ts";
import { type Postgres, startPostgres } from "../test/harness/postgres.ts";
import { type Program, startProgram } from "../test/harness/program.ts";
import { type Redis, startRedis } from "../test/harness/redis.ts";
import { withSession } from "../test/harness/session.ts";

/** What the platform promises is measured with what it promises: commits wait for the disk, pages are written whole. */
const DURABLE = {
  fsync: "on",
  full_page_writes: "on",
  wal_compression: "on",
  shared_buffers: "1GB",
  max_wal_size: "4GB",
  track_commit_timestamp: "on",
  shared_preload_libraries: "",
};

export type RoleName = "vertical" | "relay" | "engines";

/** The compiled program on servers of its own, each role a process with the login of its role. */
export class BenchPlatform {
  readonly program: string;
  readonly postgres: Postgres;
  readonly database: TestDatabase;
  readonly redis: Redis;
  readonly secret = crypto.randomUUID() + crypto.randomUUID();

  constructor(program: string, postgres: Postgres, database: TestDatabase, redis: Redis) {
    this.program = program;
    this.postgres = postgres;
    this.database = database;
    this.redis = redis;
  }

  /** A process of one role; wait with `ready`. */
  start(role: RoleName, env: Record<string, string> = {}): { process: Program; url: string } {
    const port = freePort();
    const process = startProgram({
      command: [this.program],
      args: ["start", "--role", role],
      env: {
        DATABASE_URL: this.database.urls[role],
        REDIS_URL: this.redis.url,
        ...(role === "relay" ? {} : { SECRET_KEY: this.secret }),
        HOST: "127.0.0.1",
        [`${role.toUpperCase()}_PORT`]: `${port}`,
        // A benchmark is one shop that never stops.
        REQUESTS_PER_MINUTE: "100000000",
        PLUGINS_DIR: "none",
        DRAIN_SECONDS: "0",
        LOG_LEVEL: "warn",
        ...env,
      },
    });
    return { process, url: `http://127.0.0.1:${port}` };
  }

  /** The same, returned when `/ready` says so. */
  async ready(role: RoleName, env: Record<string, string> = {}): Promise<{ process: Program; url: string }> {
    const started = this.start(role, env);
    await started.process.ready(`${started.url}/ready`);
    return started;
  }

  /** Installs the engine in `folder` and takes the built-in ones out: what they do with the same events is not measured. */
  async installOnly(folder: string): Promise<void> {
    await this.run("engine", "install", folder);
    await withSession(this.database.urls.admin, (sql) => sql`delete from engine where name <> ${basename(folder)}`);
  }

  /** Runs a command of the program as the owner to its end; rejects when it fails. */
  async run(...args: string[]): Promise<string> {
    const env = { DATABASE_URL: this.database.urls.owner };
    const { code, output } = await startProgram({ command: [this.program], args, env }).exited;
    if (code !== 0) throw new Error(`${args.join(" ")} ended with ${code}\n${output}`);
    return output;
  }
}

/** PostgreSQL with the shipped, durable settings, Redis, and a migrated database. */
export async function openPlatform(program: string, settings: Record<string, string> = {}): Promise<BenchPlatform> {
  const [postgres, redis] = await Promise.all([startPostgres({ settings: { ...DURABLE, ...settings } }), startRedis()]);
  return new BenchPlatform(program, postgres, await testDatabase({ server: postgres }), redis);
}
