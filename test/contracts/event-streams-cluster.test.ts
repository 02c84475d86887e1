import { expect, test } from "bun:test";
import { RedisStreams } from "../../src/platform/streams/redis.ts";
import { withClient } from "../harness/redis.ts";
import { type RedisCluster, startRedisCluster } from "../harness/redis-cluster.ts";
import { until } from "../harness/until.ts";
import { entriesOf, eventStreamsContract } from "./event-streams.ts";

let cluster: RedisCluster | undefined;

async function urls(): Promise<string> {
  cluster ??= await startRedisCluster();
  return cluster.urls.join(",");
}

eventStreamsContract("RedisStreams on a cluster of three", {
  copies: true,
  start: async () => {
    const list = await urls();
    const open = (name: string) => new RedisStreams(list, name, () => undefined);
    return { streams: open("one"), other: open("two"), commit: async () => undefined };
  },
});

test("partitions spread over the nodes of a cluster", async () => {
  const streams = new RedisStreams(await urls(), "spread", () => undefined);
  const entries = Array.from({ length: 16 }, (_, partition) => entriesOf({ stream: "spread", partition }, 3)).flat();
  await until(
    async () => {
      await streams.append(entries);
      return true;
    },
    { what: "the cluster to take entries" },
  );
  const counts = await Promise.all(
    (cluster?.urls ?? []).map((url) =>
      withClient(url, async (client) => (await client.keys("events:{spread:*")).length),
    ),
  );
  expect(counts.reduce((sum, count) => sum + count, 0)).toBe(16);
  expect(Math.min(...counts)).toBeGreaterThan(0);
  await streams.close();
});
