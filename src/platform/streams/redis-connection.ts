import type { RedisOptions } from "ioredis";
import type { PartitionRef } from "./streams.ts";

export function streamKey(ref: PartitionRef): string {
  return `events:${ref.stream}:${ref.partition}`;
}

/** What every connection to Redis has: it notices a dead peer within seconds and comes back by itself. */
export function redisOptions(name: string): RedisOptions {
  return {
    connectionName: name,
    keepAlive: 5000,
    connectTimeout: 5000,
    retryStrategy: (attempt) => Math.min(50 * 2 ** attempt, 2000),
  };
}
