import { RedisStreams } from "../../src/platform/streams/redis.ts";
import { startRedis } from "../harness/redis.ts";
import { eventStreamsContract } from "./event-streams.ts";

eventStreamsContract("RedisStreams on one server", {
  copies: true,
  start: async () => {
    const { url } = await startRedis();
    const open = (name: string) => new RedisStreams(url, name, () => undefined);
    return { streams: open("one"), other: open("two"), commit: async () => undefined };
  },
});
