import type { RedisOptions } from "ioredis";

/** What every connection to Redis has: it notices a dead peer within seconds and comes back by itself. */
export function redisOptions(name: string): RedisOptions & Required<Pick<RedisOptions, "retryStrategy">> {
  return {
    connectionName: name,
    keepAlive: 5000,
    connectTimeout: 5000,
    retryStrategy: (attempt) => Math.min(50 * 2 ** attempt, 2000),
  };
}
