import { Redis } from "ioredis";
import { redisOptions } from "../streams/redis-connection.ts";

/**
 * A connection for what requests ask on their way: session answers and login counts. It fails at once instead of
 * waiting, because everything asked of it has another answer. Close it with `disconnect()`.
 */
export function connectCache(url: string, onError: (error: Error) => void): Redis {
  const redis = new Redis(url, {
    ...redisOptions("basecommerce cache"),
    commandTimeout: 150,
    maxRetriesPerRequest: 0,
    enableOfflineQueue: false,
    autoResendUnfulfilledCommands: false,
  });
  redis.on("error", onError);
  return redis;
}
