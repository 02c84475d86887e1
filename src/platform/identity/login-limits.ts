import type { Redis } from "ioredis";
import { type RateLimiterAbstract, RateLimiterMemory, RateLimiterRedis, RateLimiterRes } from "rate-limiter-flexible";
import { Problem } from "../http/problem.ts";

export interface LoginLimitOptions {
  /** Wrong attempts for one e-mail address of one shop. */
  per_account: number;
  /** Wrong attempts from one network address. */
  per_address: number;
  window_seconds: number;
}

export const LOGIN_LIMITS: LoginLimitOptions = { per_account: 10, per_address: 100, window_seconds: 900 };

/** One attempt to sign in, counted before the password is looked at, so that many at once are counted too. */
export interface Attempt {
  /** It was right: it does not count, and the account starts afresh. */
  succeeded(): Promise<void>;
}

/** Counts wrong passwords per account and per address: in Redis, and in this process while Redis is away. */
export class LoginLimits {
  readonly #account: RateLimiterAbstract;
  readonly #address: RateLimiterAbstract;

  /** `redis` must fail fast (`connectCache`); without one everything is counted here. */
  constructor(redis: Redis | undefined, options: LoginLimitOptions = LOGIN_LIMITS) {
    this.#account = limiter(redis, "login_account", options.per_account, options.window_seconds);
    this.#address = limiter(redis, "login_address", options.per_address, options.window_seconds);
  }

  /** Throws 429 when either is used up, whether or not there is such an account. */
  async attempt(tenant_id: string, email: string, address: string): Promise<Attempt> {
    // Hashed: what a stranger types is of any length, and an e-mail address is personal.
    const account = new Bun.CryptoHasher("sha256").update(`${tenant_id} ${email.toLowerCase()}`).digest("base64url");
    const network = networkOf(address);
    await consume(this.#address, network);
    await consume(this.#account, account);
    return {
      succeeded: async () => {
        await Promise.all([this.#account.delete(account), this.#address.reward(network, 1)]);
      },
    };
  }
}

function limiter(redis: Redis | undefined, keyPrefix: string, points: number, duration: number): RateLimiterAbstract {
  const memory = new RateLimiterMemory({ keyPrefix, points, duration });
  if (!redis) return memory;
  return new RateLimiterRedis({ storeClient: redis, keyPrefix, points, duration, insuranceLimiter: memory });
}

async function consume(limiter: RateLimiterAbstract, key: string): Promise<void> {
  try {
    await limiter.consume(key);
  } catch (refusal) {
    if (!(refusal instanceof RateLimiterRes)) throw refusal;
    throw new Problem(429, {
      code: "too_many_attempts",
      detail: "too many attempts to sign in; wait and try again",
      headers: { "retry-after": String(Math.max(1, Math.ceil(refusal.msBeforeNext / 1000))) },
    });
  }
}

/** An IPv6 customer has a whole /64 to choose addresses from: it counts as one. */
export function networkOf(address: string): string {
  const plain = address.replace(/^::ffff:(?=\d+\.)/i, "").replace(/%.*$/, "");
  if (!plain.includes(":")) return plain;
  const [head = "", tail = ""] = plain.split("::");
  const left = head === "" ? [] : head.split(":");
  const right = tail === "" ? [] : tail.split(":");
  const zeros = plain.includes("::") ? Array<string>(Math.max(0, 8 - left.length - right.length)).fill("0") : [];
  return [...left, ...zeros, ...right]
    .slice(0, 4)
    .map((part) => part.toLowerCase().replace(/^0+(?=.)/, ""))
    .join(":");
}
