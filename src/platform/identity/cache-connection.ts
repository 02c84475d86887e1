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
  const send = redis.sendCommand.bind(redis);
  redis.sendCommand = (command, stream) => {
    // A connection on which one answer did not come is given up: until it is made anew everything fails at once, so a
    // Redis that hangs costs one wait and not one for each request.
    command.promise.catch((error: unknown) => {
      if (error instanceof Error && error.message === "Command timed out") redis.disconnect(true);
    });
    return send(command, stream);
  };
  return redis;
}
