import { expect, test } from "bun:test";
import { testDatabase } from "../harness/database.ts";
import { freePort } from "../harness/ports.ts";
import { PROGRAM, type Program, startProgram } from "../harness/program.ts";
import { startRedis, withClient } from "../harness/redis.ts";
import { withSession } from "../harness/session.ts";
import { until } from "../harness/until.ts";
import { difference, holdEverything } from "./comparison.ts";
import { PARTITIONS, Writers } from "./writers.ts";

// Real processes, real servers: writers that commit, roll back, stall and die, two relays that are killed and frozen,
// a Redis that is flushed, killed, emptied and frozen under them.

const relay = (database_url: string, redis_url: string): Program =>
  startProgram({
    command: PROGRAM,
    args: ["start", "--role", "relay"],
    env: {
      DATABASE_URL: database_url,
      REDIS_URL: redis_url,
      RELAY_PORT: `${freePort()}`,
      STREAM_PARTITIONS: `${PARTITIONS}`,
      DRAIN_SECONDS: "0",
    },
  });

test("killed relays, frozen relays, a Redis that forgets: the streams are the ledger again", async () => {
  const [database, redis] = await Promise.all([testDatabase(), startRedis()]);
  const { admin, vertical, relay: login } = database.urls;
  await holdEverything(admin, PARTITIONS);
  const writers = new Writers({ admin, vertical }, 6);
  const relays = [relay(login, redis.url), relay(login, redis.url)];
  const published = async () =>
    await withClient(redis.url, async (client) => Number(await client.xlen("events:construction:0")));
  const active = async () =>
    await withSession(admin, async (sql) => {
      const [row] = await sql<{ owner: string }[]>`select owner from lease where name = 'relay'`;
      const pid = Number(row?.owner.split(" ")[1]);
      return relays.find((one) => one.running && one.pid === pid);
    });
  const leading = async () => await until(active, { what: "a relay to lead", timeout: 20_000 });
  const flowing = async () => {
    const before = await published();
    await until(async () => (await published()) > before, { what: "events to flow", timeout: 20_000 });
  };
  await flowing();

  const killed = await leading();
  await killed.kill();
  relays.push(relay(login, redis.url));
  await flowing();

  await withClient(redis.url, (client) => client.flushall());
  await flowing();

  const frozen = await leading();
  frozen.pause();
  await until(async () => (await active()) !== frozen, { what: "another relay to lead", timeout: 20_000 });
  await flowing();
  await withClient(redis.url, (client) => client.flushall());
  frozen.resume();
  await flowing();

  await redis.kill();
  await redis.start();
  await flowing();
  await redis.restartEmpty();
  await flowing();

  await writers.stop();
  const problem = () => difference(admin, redis.url, PARTITIONS);
  await until(async () => (await problem()) === undefined, {
    what: "the streams to be the ledger",
    timeout: 20_000,
  }).catch(() => undefined);
  expect(await problem()).toBeUndefined();
  await Promise.all(relays.map((one) => (one.running ? one.stop() : undefined)));
}, 150_000);
