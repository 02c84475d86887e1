import { expect, test } from "bun:test";
import { startRedis, withClient } from "../../../test/harness/redis.ts";
import { RedisStreams } from "./redis.ts";
import { RedisSocket } from "./redis-socket.ts";
import { nameOf, type StreamEntry } from "./streams.ts";

const ENTRY: StreamEntry = {
  ...{ event_id: "e1", event_type: "stock_updated", version: 1, tenant_id: "t", stream: "construction", partition: 0 },
  ...{ hops: 0, key: "k", seq: 1, occurred_at: "2026-01-01T00:00:00Z", trace: null, causation_id: null, prev: 0 },
  payload: "{}",
};

test("an account that may do no more than work with streams is enough, in the database its URL names", async () => {
  const { url, port } = await startRedis();
  await withClient(url, (client) =>
    client.call("ACL", "SETUSER", "shops", "on", ">p%w/d", "~events:*", "&events:*", "+@all", "-config", "-client"),
  );
  const streams = new RedisStreams(`redis://shops:p%25w%2Fd@127.0.0.1:${port}/3`, "test", () => undefined);
  const reader = streams.reader();
  try {
    expect(await streams.configurations()).toMatchObject([{ maxmemory_policy: "", appendonly: "" }]);
    await streams.append([ENTRY]);
    const from = { ...ENTRY, position: 0 };
    const read = await reader.read(new Map([[nameOf(ENTRY), from]]), { count: 10, block_ms: 100 });
    expect(read).toEqual([[ENTRY]]);
    expect(await withClient(`${url}/3`, (client) => client.keys("*"))).toEqual(["events:construction:0"]);
  } finally {
    reader.close();
    await streams.close();
  }
});

test("what the server has against an account is said", async () => {
  const { url, port } = await startRedis();
  await withClient(url, (client) => client.config("SET", "requirepass", "secret"));
  const refusals = [
    [`redis://127.0.0.1:${port}`, "NOAUTH"],
    [`redis://:wrong@127.0.0.1:${port}`, "WRONGPASS"],
    [`redis://:secret@127.0.0.1:${port}/99`, "DB index is out of range"],
  ] as const;
  for (const [address, refusal] of refusals) {
    const streams = new RedisStreams(address, "test", () => undefined);
    const reader = streams.reader();
    try {
      await expect(streams.append([ENTRY])).rejects.toThrow(refusal);
      const reading = reader.read(new Map([[nameOf(ENTRY), { ...ENTRY, position: 0 }]]), { count: 1, block_ms: 50 });
      await expect(reading).rejects.toThrow(refusal);
    } finally {
      reader.close();
      await streams.close();
    }
  }
});

test("a server that takes no more connections says so", async () => {
  const server = Bun.listen({
    hostname: "127.0.0.1",
    port: 0,
    socket: { open: (socket) => void socket.end("-ERR max number of clients reached\r\n"), data: () => undefined },
  });
  const nobody = { tls: false, username: "", password: "", database: 0 };
  try {
    const connecting = RedisSocket.connect({ hostname: "127.0.0.1", port: server.port, ...nobody }, "test", []);
    await expect(connecting).rejects.toThrow("max number of clients");
  } finally {
    server.stop(true);
  }
});
