import { expect, test } from "bun:test";
import { RedisStreams } from "../../src/platform/streams/redis.ts";
import { entriesOf } from "../contracts/event-streams.ts";
import { startRedis, withClient } from "../harness/redis.ts";
import { until } from "../harness/until.ts";

/** What each kind of connection takes to give a silent server up, and a busy machine's due. */
const SECONDS = 9;

test("a Redis that says nothing is given up within seconds, by writers and by who asks; afterwards nothing is missing or twice", async () => {
  const redis = await startRedis();
  const streams = new RedisStreams(redis.url, "silence", () => undefined);
  const ref = { stream: "construction", partition: 0 };
  const entries = entriesOf(ref, 6);
  await streams.append(entries.slice(0, 2));
  redis.pause();
  const start = performance.now();
  const settled = await Promise.allSettled([streams.append(entries.slice(0, 4)), streams.ends([ref])]);
  redis.resume();
  expect(settled.map(({ status }) => status)).toEqual(["rejected", "rejected"]);
  expect(performance.now() - start).toBeLessThan(SECONDS * 1000);
  // Whether it took what was sent while it was silent or not.
  await until(
    async () => {
      await streams.append(entries);
      return true;
    },
    { what: "Redis to take entries again", timeout: 20_000 },
  );
  const found = await withClient(redis.url, (client) => client.xrange("events:construction:0", "-", "+"));
  expect(found.map(([id]) => id)).toEqual(entries.map(({ seq }) => `${seq}-0`));
  await streams.close();
}, 60_000);
