import { Redis } from "ioredis";
import { entryOf } from "./entry.ts";
import { redisOptions, streamKey } from "./redis-connection.ts";
import type { PartitionName, PartitionPosition, ReadOptions, StreamEntry, StreamReader } from "./streams.ts";

/** How much longer than its BLOCK a read may take before its socket is given up. */
const GRACE_MS = 3000;

/**
 * Reads with blocking XREAD on a connection of its own. A read that was blocked when the connection broke may never
 * settle, so each has a watchdog that cuts the socket; the caller reads again from its positions.
 */
export class RedisReader implements StreamReader {
  readonly #redis: Redis;

  constructor(url: string, name: string, log: (error: Error) => void) {
    this.#redis = new Redis(url, {
      ...redisOptions(name),
      maxRetriesPerRequest: null,
      autoResendUnfulfilledCommands: false,
    });
    this.#redis.on("error", log);
  }

  async read(
    positions: ReadonlyMap<PartitionName, PartitionPosition>,
    { count, block_ms }: ReadOptions,
  ): Promise<StreamEntry[][]> {
    const keys = [...positions.values()].map(streamKey);
    const ids = [...positions.values()].map(({ position }) => `${position}-0`);
    let timer: ReturnType<typeof setTimeout> | undefined;
    const watchdog = new Promise<never>((_, reject) => {
      timer = setTimeout(() => {
        reject(new Error(`XREAD has not answered ${GRACE_MS} ms after its BLOCK time`));
        this.#redis.disconnect(true);
      }, block_ms + GRACE_MS);
    });
    try {
      const read = this.#redis.xread("COUNT", count, "BLOCK", Math.max(1, block_ms), "STREAMS", ...keys, ...ids);
      const answer = await Promise.race([read, watchdog]);
      return (answer ?? []).map(([, entries]) => entries.map(([id, fields]) => entryOf(id, fields)));
    } finally {
      clearTimeout(timer);
    }
  }

  close(): void {
    this.#redis.disconnect();
  }
}
