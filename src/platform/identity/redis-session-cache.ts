import type { Redis } from "ioredis";
import type { UserRole } from "../tenancy/unit-of-work.ts";
import { type Answer, ENDED_MS, KEEP_MS, keyOf, MemorySessionCache, type SessionCache } from "./session-cache.ts";

/**
 * Shared by all processes, so that a session that ends in one ends in all at once, and a restart does not ask the
 * database for everybody. The memory in front of it keeps an answer only for the time it has left in Redis.
 */
export class RedisSessionCache implements SessionCache {
  readonly #redis: Redis;
  readonly #near = new MemorySessionCache();

  /** `redis` must fail at once instead of waiting: see `connectCache`. */
  constructor(redis: Redis) {
    this.#redis = redis;
  }

  async get(tenant_id: string, session_id: string): Promise<Answer | undefined> {
    const near = await this.#near.get(tenant_id, session_id);
    if (near !== undefined) return near;
    return await attempt(async () => {
      const key = keyOf(tenant_id, session_id);
      const [text, left] = await Promise.all([this.#redis.get(key), this.#redis.pttl(key)]);
      const answer = text === null ? undefined : answerOf(text);
      if (answer !== undefined && left > 0)
        await this.#near.put(tenant_id, session_id, answer, Math.min(left, KEEP_MS));
      return answer;
    });
  }

  async put(tenant_id: string, session_id: string, answer: Answer): Promise<void> {
    await this.#near.put(tenant_id, session_id, answer);
    // NX: an "ended" written since the database was read stays.
    await attempt(() => this.#redis.set(keyOf(tenant_id, session_id), textOf(answer), "PX", KEEP_MS, "NX"));
  }

  async end(tenant_id: string, session_ids: readonly string[]): Promise<void> {
    await this.#near.end(tenant_id, session_ids);
    await attempt(() =>
      Promise.all(session_ids.map((id) => this.#redis.set(keyOf(tenant_id, id), "ended", "PX", ENDED_MS))),
    );
  }

  async forget(tenant_id: string, session_ids: readonly string[]): Promise<void> {
    await this.#near.forget(tenant_id, session_ids);
    await attempt(() => Promise.all(session_ids.map((id) => this.#redis.del(keyOf(tenant_id, id)))));
  }
}

/** Redis is allowed to be away: then the database is asked. */
async function attempt<T>(ask: () => Promise<T>): Promise<T | undefined> {
  try {
    return await ask();
  } catch {
    return undefined;
  }
}

const textOf = (answer: Answer) => (answer === "ended" ? answer : `${answer.role} ${answer.user_id}`);

function answerOf(text: string): Answer | undefined {
  if (text === "ended") return text;
  const [role, user_id] = text.split(" ");
  return isRole(role) && user_id ? { role, user_id } : undefined;
}

const isRole = (text: string | undefined): text is UserRole => text === "admin" || text === "seller";
