import type { Redis } from "ioredis";
import { OperatorToken } from "../platform/auth/operator-token.ts";
import { AccessTokens } from "../platform/auth/tokens.ts";
import type { Database } from "../platform/database/database.ts";
import { documentPaths } from "../platform/http/document-routes.ts";
import { Gate } from "../platform/http/gate.ts";
import {
  connectCache,
  DatabaseSessions,
  LoginLimits,
  MemorySessionCache,
  publicPaths,
  RedisSessionCache,
} from "../platform/identity/index.ts";
import { Tenants } from "../platform/tenancy/tenant.ts";
import type { Parts } from "./parts.ts";

/** Who may come in, as every process with tenants' routes decides it. */
export interface Admission {
  gate: Gate;
  tenants: Tenants;
  tokens: AccessTokens;
  sessions: DatabaseSessions;
  limits: LoginLimits;
  close(): void;
}

export const MAX_BODY_BYTES = 1024 * 1024;

export interface AdmissionOptions {
  database: Database;
  /** Database role under which tenants and sessions are looked up. */
  role: string;
  secret: string;
  largerBody: (method: string, path: string) => number | undefined;
}

export function admission(parts: Parts, { database, role, secret, largerBody }: AdmissionOptions): Admission {
  const { config, log, tracing } = parts;
  const redis: Redis | undefined =
    config.parts.kind === "server"
      ? connectCache(config.parts.redis_url, (error) => log.debug({ err: error }, "redis cache connection"))
      : undefined;
  const tokens = new AccessTokens({
    secret,
    algorithm: config.algorithm,
    expire_minutes: config.access_token_expire_minutes,
  });
  const tenants = new Tenants(database, role);
  const cache = redis ? new RedisSessionCache(redis) : new MemorySessionCache();
  const sessions = new DatabaseSessions({ database, role, cache });
  return {
    tenants,
    tokens,
    sessions,
    limits: new LoginLimits(redis),
    gate: new Gate({
      tenants,
      tokens,
      sessions,
      base_domain: config.base_domain,
      public_paths: publicPaths,
      shopless_paths: documentPaths,
      trusted_proxies: config.trusted_proxies,
      request_limit: { requests: config.requests_per_minute, window_seconds: 60 },
      operator_token: config.operator_token === undefined ? undefined : new OperatorToken(config.operator_token),
      max_body_bytes: MAX_BODY_BYTES,
      tracing,
      largerBody,
    }),
    close: () => redis?.disconnect(),
  };
}
