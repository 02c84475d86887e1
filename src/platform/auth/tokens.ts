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
  /** At least 32 bytes. */
  secret: string;
  algorithm: Algorithm;
  expire_minutes: number;
}

interface Known {
  claims: AccessClaims;
  /** Seconds since 1970. */
  exp: number;
}

const ISSUER = "basecommerce";
const AUDIENCE = "basecommerce-api";
const REQUIRED = ["sub", "tenant_id", "email", "role", "iss", "aud", "iat", "exp", "jti"];
const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;
const MAX_KNOWN = 10_000;

/**
 * Signs and verifies access tokens. The library alone pins no algorithm and accepts tokens that never expire, so every
 * verification names algorithm, issuer, audience and the claims that must be there.
 */
export class AccessTokens {
  readonly #jwt;
  readonly #algorithm: Algorithm;
  /** Tokens whose signature was checked, by the token itself: the check is the dearest part of a small request. */
  readonly #known = new Map<string, Known>();
  /** Seconds a token lives. */
  readonly expires_in: number;

  constructor(options: TokenOptions) {
    if (Buffer.byteLength(options.secret) < 32) throw new RangeError("the token secret must have 32 bytes or more");
    this.#jwt = jwt({ secret: options.secret, alg: options.algorithm }).decorator.jwt;
    this.#algorithm = options.algorithm;
    this.expires_in = options.expire_minutes * 60;
  }

  async sign(claims: AccessClaims): Promise<string> {
    const { sub, tenant_id, email, role, session_id } = claims;
    return await this.#jwt.sign({
      sub,
      tenant_id,
      email,
      role,
      iss: ISSUER,
      aud: AUDIENCE,
      jti: `${session_id}.${Bun.randomUUIDv7("base64url")}`,
      exp: Math.floor(Date.now() / 1000) + this.expires_in,
    });
  }

  /** The claims of a valid token; undefined for anything else. */
  async verify(token: string): Promise<AccessClaims | undefined> {
    const known = this.#known.get(token);
    if (known) {
      if (known.exp > Date.now() / 1000) return known.claims;
      this.#known.delete(token);
      return undefined;
    }
    const claims = await this.#jwt.verify(token, {
      algorithms: [this.#algorithm],
      issuer: ISSUER,
      audience: AUDIENCE,
      requiredClaims: REQUIRED,
    });
    if (claims === false) return undefined;
    const { sub, tenant_id, email, role, exp, jti } = claims;
    const session_id = (typeof jti === "string" && jti.split(".")[0]) || "";
    if (typeof sub !== "string" || typeof tenant_id !== "string" || typeof email !== "string") return undefined;
    if (typeof exp !== "number" || !UUID.test(session_id) || !UUID.test(tenant_id)) return undefined;
    if (role !== "admin" && role !== "seller") return undefined;
    const valid = { sub, tenant_id, email, role, session_id } satisfies AccessClaims;
    this.#keep(token, { claims: valid, exp });
    return valid;
  }

  #keep(token: string, known: Known): void {
    // Bounded; what goes first was checked first and is nearest to its end.
    for (const oldest of this.#known.keys()) {
      if (this.#known.size < MAX_KNOWN) break;
      this.#known.delete(oldest);
    }
    this.#known.set(token, known);
  }
}
