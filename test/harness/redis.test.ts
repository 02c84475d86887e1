import { describe, expect, test } from "bun:test";
import { Cluster } from "ioredis";
import { startRedis, withClient } from "./redis.ts";
import { startRedisCluster } from "./redis-cluster.ts";
import { until } from "./until.ts";

describe("a server of the test's own", () => {
  test("keeps its streams through restart and kill, and loses them when it starts empty", async () => {
    await using server = await startRedis({ maxmemory: "64mb" });
    const last = () => withClient(server.url, async (client) => (await client.xrevrange("s", "+", "-"))[0]?.[0]);
    await withClient(server.url, (client) => client.xadd("s", "7-0", "k", "v"));
    await server.restart();
    expect(await last()).toBe("7-0");
    await server.kill();
    await server.start();
    expect(await last()).toBe("7-0");
    await server.restartEmpty();
    expect(await last()).toBeUndefined();
    expect(await withClient(server.url, (client) => client.config("GET", "maxmemory-policy"))).toContain("noeviction");
  });

  test("answers nothing while it is paused and is stopped all the same", async () => {
    const server = await startRedis();
    const { pid } = server;
    server.pause();
    const frozen = until(() => withClient(server.url, (client) => client.ping()), { what: "a pong", timeout: 100 });
    await expect(frozen).rejects.toThrow("in vain for a pong");
    server.resume();
    expect(await withClient(server.url, (client) => client.ping())).toBe("PONG");
    server.pause();
    await server[Symbol.asyncDispose]();
    expect(() => process.kill(pid, 0)).toThrow();
  });

  test("a wrong argument says what is wrong", async () => {
    await expect(startRedis({ args: ["--no-such-setting", "1"] })).rejects.toThrow(/no-such-setting/);
  });
});

test("a cluster of three takes keys of every node", async () => {
  await using servers = await startRedisCluster();
  const cluster = new Cluster([...servers.urls]);
  for (const key of ["a", "b", "c", "d", "e", "f"]) await cluster.set(key, key);
  const sizes = await Promise.all(cluster.nodes("master").map((node) => node.dbsize()));
  expect(sizes.length).toBe(3);
  expect(sizes.reduce((sum, size) => sum + size, 0)).toBe(6);
  cluster.disconnect();
});
