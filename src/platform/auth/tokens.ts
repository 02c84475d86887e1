import { jwt } from "@elysiajs/jwt";
import type { UserRole } from "../tenancy/unit-of-work.ts";

export const ALGORITHMS = ["HS256", "HS384", "HS512"] as const;
export type Algorithm = (typeof ALGORITHMS)[number];

/** What an access token says. */
export interface AccessClaims {
  /** User id. */
  sub: string;
  tenant_id: string;
  email: string;
  role: UserRole;
  /** The session the token belongs to, the first part of its `jti`; ending it ends the token. */
  session_id: string;
}

export interface TokenOptions {
  secret: string;
  algorithm: Algorithm;
  expire_minutes: number;
}

const ISSUER = "basecommerce";
const AUDIENCE = "basecommerce-api";
const REQUIRED = ["sub", "tenant_id", "email", "role", "iss", "aud", "iat", "exp", "jti"];

/**
 * Signs and verifies access tokens. The library alone pins no algorithm and accepts tokens that never expire, so every
 * verification names algorithm, issuer, audience and the claims that must be there.
 */
export class AccessTokens {
  readonly #jwt;
  readonly #algorithm: Algorithm;
  /** Seconds a token lives. */
  readonly expires_in: number;

  constructor(options: TokenOptions) {
    this.#jwt = jwt({ secret: options.secret, alg: options.algorithm }).decorator.jwt;
    this.#algorithm = options.algorithm;
    this.expires_in = options.expire_minutes * 60;
  }

  async sign(claims: AccessClaims): Promise<string> {
    const { session_id, ...rest } = claims;
    return await this.#jwt.sign({
      ...rest,
      iss: ISSUER,
      aud: AUDIENCE,
      jti: `${session_id}.${Bun.randomUUIDv7("base64url")}`,
      exp: Math.floor(Date.now() / 1000) + this.expires_in,
    });
  }

  /** The claims of a valid token; undefined for anything else. */
  async verify(token: string): Promise<AccessClaims | undefined> {
    const claims = await this.#jwt.verify(token, {
      algorithms: [this.#algorithm],
      issuer: ISSUER,
      audience: AUDIENCE,
      requiredClaims: REQUIRED,
    });
    if (claims === false) return undefined;
    const { sub, tenant_id, email, role } = claims;
    const session_id = claims.jti?.split(".")[0];
    if (typeof sub !== "string" || typeof tenant_id !== "string" || typeof email !== "string") return undefined;
    if (!session_id || (role !== "admin" && role !== "seller")) return undefined;
    return { sub, tenant_id, email, role, session_id };
  }
}
