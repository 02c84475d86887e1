import { RateLimiterMemory, RateLimiterRes } from "rate-limiter-flexible";
import { Problem } from "./problem.ts";

export interface RequestLimitOptions {
  /** Requests of one shop that this process answers in a window. */
  requests: number;
  window_seconds: number;
}

/** A thousand a second for a minute: no shop at work comes near, a script that runs wild does. */
export const REQUEST_LIMIT: RequestLimitOptions = { requests: 60_000, window_seconds: 60 };

export type LimitHeaders = Record<"ratelimit" | "ratelimit-policy", string>;

/**
 * How much of this process one shop may use. Counted here and not in Redis on purpose: what is protected is this
 * process, and a round trip for each request would cost more than most requests do. With n processes a shop has n times as
 * much, as it has n times the machines.
 */
export class RequestLimit {
  readonly #limiter: RateLimiterMemory;
  readonly #policy: string;

  constructor({ requests, window_seconds }: RequestLimitOptions = REQUEST_LIMIT) {
    this.#limiter = new RateLimiterMemory({ keyPrefix: "requests", points: requests, duration: window_seconds });
    this.#policy = `"shop";q=${requests};w=${window_seconds}`;
  }

  /** Counts a request and returns the headers of IETF's draft "RateLimit header fields for HTTP"; throws 429. */
  async count(tenant_id: string): Promise<LimitHeaders> {
    try {
      return this.#headers(await this.#limiter.consume(tenant_id));
    } catch (refusal) {
      if (!(refusal instanceof RateLimiterRes)) throw refusal;
      const seconds = String(Math.max(1, Math.ceil(refusal.msBeforeNext / 1000)));
      throw new Problem(429, {
        code: "too_many_requests",
        detail: "this shop sends more requests than it may; wait and try again",
        headers: { "retry-after": seconds, ...this.#headers(refusal) },
      });
    }
  }

  #headers({ remainingPoints, msBeforeNext }: RateLimiterRes): LimitHeaders {
    const ratelimit = `"shop";r=${Math.max(0, remainingPoints)};t=${Math.ceil(msBeforeNext / 1000)}`;
    return { ratelimit, "ratelimit-policy": this.#policy };
  }
}
