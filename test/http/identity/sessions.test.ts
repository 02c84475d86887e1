import { beforeAll, describe, expect, test } from "bun:test";
import type { Database } from "../../../src/platform/database/database.ts";
import { ENGINES, VERTICAL } from "../../../src/platform/database/roles.ts";
import {
  connectCache,
  DatabaseSessions,
  LoginLimits,
  MemorySessionCache,
  RedisSessionCache,
} from "../../../src/platform/identity/index.ts";
import type { SessionCache } from "../../../src/platform/identity/session-cache.ts";
import { whenDone } from "../../harness/cleanup.ts";
import { startRedis } from "../../harness/redis.ts";
import { until } from "../../harness/until.ts";
import { openDatabase, STARTING } from "../database.ts";
import { PASSWORD, ShopServer } from "../shop-server.ts";

const EMAIL = "admin@casa-verde.example";
const USER = { user_id: "019c5f3e-8f4b-7c1a-9d3e-2b6f1a0c4d5e", role: "seller" } as const;
let database: Database;
let tenant_id: string;

beforeAll(async () => {
  database = await openDatabase();
  tenant_id = await new ShopServer(database).makeShop("casa-verde");
}, STARTING);

async function startCache() {
  const server = await startRedis();
  const connect = async () => {
    const redis = connectCache(server.url, () => undefined);
    whenDone(() => redis.disconnect());
    await until(() => redis.status === "ready", { what: "Redis to be connected" });
    return redis;
  };
  return { server, connect };
}

/** What every cache must do. */
function contract(name: string, make: () => Promise<SessionCache>): void {
  describe(name, () => {
    test("keeps what it is told, of each shop and session apart", async () => {
      const cache = await make();
      expect(await cache.get("t1", "s1")).toBeUndefined();
      await cache.put("t1", "s1", USER);
      await cache.put("t1", "s2", "ended");
      expect(await cache.get("t1", "s1")).toEqual(USER);
      expect(await cache.get("t1", "s2")).toBe("ended");
      expect(await cache.get("t2", "s1")).toBeUndefined();
    });

    test("an end is not undone by an older answer that comes late", async () => {
      const cache = await make();
      await cache.put("t1", "s1", USER);
      await cache.end("t1", ["s1"]);
      await cache.put("t1", "s1", USER);
      expect(await cache.get("t1", "s1")).toBe("ended");
    });

    test("forgets when told", async () => {
      const cache = await make();
      await cache.put("t1", "s1", USER);
      await cache.forget("t1", ["s1"]);
      expect(await cache.get("t1", "s1")).toBeUndefined();
    });
  });
}

contract("in memory", async () => new MemorySessionCache());
contract("in Redis", async () => new RedisSessionCache(await (await startCache()).connect()));

test("an answer is kept for 5 seconds and not longer", async () => {
  let now = 0;
  const cache = new MemorySessionCache(() => now);
  await cache.put("t1", "s1", USER);
  now = 4999;
  expect(await cache.get("t1", "s1")).toEqual(USER);
  now = 5000;
  expect(await cache.get("t1", "s1")).toBeUndefined();
});

test("a process that knows nothing of an end notices within those 5 seconds", async () => {
  let now = 0;
  const here = new ShopServer(database);
  const there = new ShopServer(database, { cache: new MemorySessionCache(() => now) });
  const { access_token } = await here.login(EMAIL);
  expect(await there.me(access_token)).toBe(200);
  await here.call("POST", "/auth/logout", { token: access_token });
  expect(await here.me(access_token)).toBe(401);
  now = 5000;
  expect(await there.me(access_token)).toBe(401);
});

test("with Redis, an end here is an end in a process that has not asked yet; nobody asks twice", async () => {
  const { connect } = await startCache();
  const here = new ShopServer(database, { cache: new RedisSessionCache(await connect()) });
  const { access_token, refresh_token } = await here.login(EMAIL);
  expect(await here.me(access_token)).toBe(200);
  const [session_id = ""] = refresh_token.split(".");
  const silent: Database = {
    ...{ kind: "postgres", losses: 0, query: () => Promise.reject(new Error("asked")), close: async () => undefined },
    transaction: () => Promise.reject(new Error("asked")),
  };
  const ask = async () =>
    new DatabaseSessions({ database: silent, role: VERTICAL, cache: new RedisSessionCache(await connect()) }).standing(
      tenant_id,
      session_id,
    );
  expect(await ask()).toMatchObject({ role: "admin" });
  await here.call("POST", "/auth/logout", { token: access_token });
  expect(await ask()).toBeUndefined();
});

test("a wiped Redis revives no token and locks nobody out", async () => {
  const { connect } = await startCache();
  const redis = await connect();
  const server = new ShopServer(database, { cache: new RedisSessionCache(redis), limits: new LoginLimits(redis) });
  const alive = await server.login(EMAIL);
  const dead = await server.login(EMAIL);
  await server.call("POST", "/auth/logout", { token: dead.access_token });
  await redis.flushall();
  const restarted = new ShopServer(database, { cache: new RedisSessionCache(redis) });
  for (const each of [server, restarted]) {
    expect(await each.me(alive.access_token)).toBe(200);
    expect(await each.me(dead.access_token)).toBe(401);
  }
});

describe("with Redis away", () => {
  const ways = {
    stopped: { leave: "stop", back: "start" },
    frozen: { leave: "pause", back: "resume" },
  } as const;
  for (const [name, { leave, back }] of Object.entries(ways)) {
    test(`${name}: people sign in, stay in and go out, and requests are not slow`, async () => {
      const { server: redisServer, connect } = await startCache();
      const redis = await connect();
      const server = new ShopServer(database, { cache: new RedisSessionCache(redis), limits: new LoginLimits(redis) });
      const before = await server.login(EMAIL);
      await redisServer[leave]();
      expect(await server.me(before.access_token)).toBe(200);
      const { access_token } = await server.login(EMAIL);
      expect(await server.me(access_token)).toBe(200);
      await server.call("POST", "/auth/logout", { token: access_token });
      expect(await server.me(access_token)).toBe(401);
      // Each a session nobody has asked for yet: none waits for Redis, beyond the one that finds it away.
      const fresh = await Promise.all(Array.from({ length: 5 }, () => server.login(EMAIL)));
      const began = performance.now();
      for (const { access_token } of fresh) expect(await server.me(access_token)).toBe(200);
      expect(performance.now() - began).toBeLessThan(1000);
      await redisServer[back]();
      await until(() => redis.status === "ready", { what: "Redis to be back" });
      expect(await server.me(access_token)).toBe(401);
      expect(await server.me(before.access_token)).toBe(200);
    });
  }

  test("wrong passwords are counted here meanwhile", async () => {
    const { server: redisServer, connect } = await startCache();
    const limits = new LoginLimits(await connect(), { per_account: 3, per_address: 100, window_seconds: 60 });
    const server = new ShopServer(database, { limits });
    await redisServer.stop();
    const statuses = [];
    for (let i = 0; i < 4; i++) {
      const body = { email: EMAIL, password: "wrong" };
      statuses.push((await server.call("POST", "/auth/login", { body })).status);
    }
    expect(statuses).toEqual([401, 401, 401, 429]);
  });
});

test("wrong passwords are counted over all processes by Redis", async () => {
  const { connect } = await startCache();
  const make = async () =>
    new ShopServer(database, {
      limits: new LoginLimits(await connect(), { per_account: 3, per_address: 100, window_seconds: 60 }),
    });
  const [one, two] = [await make(), await make()];
  const statuses = [];
  for (const server of [one, two, one, two]) {
    const body = { email: EMAIL, password: "wrong" };
    statuses.push((await server.call("POST", "/auth/login", { body })).status);
  }
  expect(statuses).toEqual([401, 401, 401, 429]);
});

test("the engines' login learns a session's standing and nothing else of people", async () => {
  const { refresh_token, user } = await new ShopServer(database).login(EMAIL, PASSWORD);
  const sessions = new DatabaseSessions({ database, role: ENGINES, cache: new MemorySessionCache() });
  const [session_id = ""] = refresh_token.split(".");
  expect(await sessions.standing(tenant_id, session_id)).toEqual({ user_id: user.id, role: "admin" });
  expect(await sessions.standing(user.id, session_id)).toBeUndefined();
  for (const table of ["users", "sessions", "tenants"]) {
    const reading = database.transaction({ role: ENGINES, tenant_id }, (tx) => tx.query(`select * from ${table}`));
    expect(reading).rejects.toThrow("permission denied");
  }
});

test("many requests of one session at once ask the database once", async () => {
  let asked = 0;
  const counting: Database = {
    kind: database.kind,
    losses: 0,
    query: (sql, parameters) => database.query(sql, parameters),
    close: async () => undefined,
    transaction: (scope, work) => {
      asked++;
      return database.transaction(scope, work);
    },
  };
  const { refresh_token } = await new ShopServer(database).login(EMAIL);
  const sessions = new DatabaseSessions({ database: counting, role: VERTICAL, cache: new MemorySessionCache() });
  const [session_id = ""] = refresh_token.split(".");
  await Promise.all(Array.from({ length: 100 }, () => sessions.standing(tenant_id, session_id)));
  expect(asked).toBe(1);
});
