import type { Database } from "../platform/database/database.ts";
import { RELAY } from "../platform/database/roles.ts";
import { APPENDING } from "../platform/events/ledger.ts";
import { ensureStream } from "../platform/events/stream-registry.ts";
import { RedisStreams } from "../platform/streams/redis.ts";
import { openRoleDatabase, UnfitServer } from "./database-login.ts";
import { type BaseParts, CONSTRUCTION_STREAM, type Parts } from "./parts.ts";
import { requireSchema } from "./schema.ts";

const APPENDS = { foreseen: [APPENDING] };

/** The relay runs few statements, thousands of times: planning one anew for its values takes longer than running it. */
const READS = { settings: { plan_cache_mode: "force_generic_plan" } };

/** The parts of a process of production: PostgreSQL and Redis. */
export function serverParts(base: BaseParts, database_url: string, redis_url: string): Parts {
  const { config, log, metrics, readiness } = base;
  const opened: { close(): Promise<void> }[] = [];
  const streams = new RedisStreams(redis_url, "basecommerce", (error) => log.warn({ err: error }, "redis connection"));
  opened.push(streams);
  // Looked at while the database is opened; that waits for it and tells what is wrong.
  const redisLooked = checkRedis(streams);
  redisLooked.then(
    (warning) => warning !== undefined && log.warn(warning),
    () => undefined,
  );
  const warnings = new Set<string>();
  let first: Database | undefined;
  const open: Parts["open"] = async (role, max, answer_timeout_ms) => {
    const kind = role === RELAY ? READS : APPENDS;
    const limits = { max, ...kind, ...(answer_timeout_ms !== undefined && { answer_timeout_ms }) };
    const { database, session_role, warning } = await openRoleDatabase(config, database_url, role, limits);
    opened.push(database);
    metrics.watchPool(role, () => database.use);
    await redisLooked;
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
        return warnings.size === 0 ? undefined : [...warnings].join("; ");
      });
    }
    return { database, session_role };
  };
  readiness.add("redis", async () => {
    await streams.check();
    return await redisLooked;
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
