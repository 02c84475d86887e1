import { join } from "node:path";
import type { Config } from "../config/config.ts";
import type { Database } from "../platform/database/database.ts";
import { EmbeddedDatabase } from "../platform/database/embedded.ts";
import { LedgerReader } from "../platform/events/ledger-reader.ts";
import { ensureStream } from "../platform/events/stream-registry.ts";
import type { Log } from "../platform/observability/log.ts";
import type { Metrics } from "../platform/observability/metrics.ts";
import type { Readiness } from "../platform/observability/readiness.ts";
import { LedgerStreams } from "../platform/streams/ledger-streams.ts";
import { RedisStreams } from "../platform/streams/redis.ts";
import type { EventStreams } from "../platform/streams/streams.ts";
import { takeDataFolder } from "./data-folder.ts";
import { openRoleDatabase, UnfitServer } from "./database-login.ts";
import { migrateDatabase, requireSchema } from "./schema.ts";

/** What the process is made of, handed to every role. */
export interface Parts {
  config: Config;
  log: Log;
  metrics: Metrics;
  readiness: Readiness;
  streams: EventStreams;
  /** A database whose work is done as `role`; one pool for each role of the process. */
  open(role: string, max: number): Promise<OpenedDatabase>;
  close(): Promise<void>;
}

export interface OpenedDatabase {
  database: Database;
  /** Role the sessions take on because the login is another one. */
  session_role: string | undefined;
}

/** The stream every vertical of this binary writes to. */
export const CONSTRUCTION_STREAM = "construction";

export async function openParts(config: Config, log: Log, metrics: Metrics, readiness: Readiness): Promise<Parts> {
  const base = { config, log, metrics, readiness };
  return config.parts.kind === "embedded"
    ? await embeddedParts(base, config.parts.data_dir)
    : await serverParts(base, config.parts.database_url, config.parts.redis_url);
}

type Base = Pick<Parts, "config" | "log" | "metrics" | "readiness">;

async function embeddedParts(base: Base, data_dir: string): Promise<Parts> {
  const giveBack = takeDataFolder(data_dir);
  const database = await EmbeddedDatabase.open(join(data_dir, "database"));
  await migrateDatabase(database);
  await ensureStream(database, CONSTRUCTION_STREAM, base.config.stream_partitions);
  base.readiness.add("database", async () => {
    await database.query("select 1");
    return undefined;
  });
  const streams = new LedgerStreams(new LedgerReader(database));
  return {
    ...base,
    streams,
    open: async () => ({ database, session_role: undefined }),
    close: async () => {
      await streams.close();
      await database.close();
      giveBack();
    },
  };
}

async function serverParts(base: Base, database_url: string, redis_url: string): Promise<Parts> {
  const { config, log, metrics, readiness } = base;
  const opened: { close(): Promise<void> }[] = [];
  const streams = new RedisStreams(redis_url, "basecommerce", (error) => log.warn({ err: error }, "redis connection"));
  opened.push(streams);
  const warnings = new Set<string>();
  let first: Database | undefined;
  const pool = metrics.gauge("basecommerce_database_connections", "Connections to PostgreSQL", ["role", "state"]);
  const open: Parts["open"] = async (role, max) => {
    const { database, session_role, warning } = await openRoleDatabase(config, database_url, role, max);
    opened.push(database);
    if (warning !== undefined) {
      warnings.add(warning);
      log.warn(warning);
    }
    if (!first) {
      first = database;
      await requireSchema(database);
      await ensureStream(database, CONSTRUCTION_STREAM, config.stream_partitions);
      readiness.add("database", async () => {
        await database.query("select 1");
        for (const [state, count] of Object.entries(database.use)) pool.set({ role, state }, count);
        return warnings.size === 0 ? undefined : [...warnings].join("; ");
      });
    }
    return { database, session_role };
  };
  const redisWarning = await checkRedis(streams);
  if (redisWarning !== undefined) log.warn(redisWarning);
  readiness.add("redis", async () => {
    await streams.check();
    return redisWarning;
  });
  return {
    ...base,
    streams,
    open,
    close: async () => {
      await Promise.allSettled(opened.map((part) => part.close()));
    },
  };
}

/** Refuses a Redis that would drop entries by itself; warns of one that forgets at restart, which is only slow. */
async function checkRedis(streams: RedisStreams): Promise<string | undefined> {
  const servers = await streams.configurations();
  for (const { version, maxmemory_policy } of servers) {
    if (Number.parseInt(version, 10) < 7) throw new UnfitServer(`Redis 7 or newer is needed, this is ${version}`);
    if (maxmemory_policy !== "noeviction" && maxmemory_policy !== "") {
      throw new UnfitServer(
        `Redis' maxmemory-policy is ${maxmemory_policy}: set it to noeviction, or it drops events by itself`,
      );
    }
  }
  return servers.some(({ appendonly }) => appendonly === "no")
    ? "Redis' appendonly is off: after a restart all streams are filled again from the ledger"
    : undefined;
}
