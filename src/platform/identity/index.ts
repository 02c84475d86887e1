import { type AnyElysia, Elysia } from "elysia";
import type { Tenants } from "../tenancy/tenant.ts";
import { authRoutes } from "./auth-routes.ts";
import { Shop } from "./shop.ts";
import { shopRoutes } from "./shop-routes.ts";
import { SignIn, type SignInParts } from "./sign-in.ts";
import { userRoutes } from "./user-routes.ts";
import { Users } from "./users.ts";

export { connectCache } from "./cache-connection.ts";
export { LoginLimits } from "./login-limits.ts";
export { RedisSessionCache } from "./redis-session-cache.ts";
export { MemorySessionCache } from "./session-cache.ts";
export { DatabaseSessions } from "./sessions.ts";
export { createTenant } from "./shop.ts";
export { createUser } from "./user.ts";

export interface IdentityParts extends SignInParts {
  tenants: Tenants;
}

/** Paths of a shop that need no token. */
export const publicPaths: ReadonlySet<string> = new Set(["/auth/login", "/auth/refresh", "/tenant.json"]);

/** Signing in, the shop's own record and its people; mounted at the root. */
export function identityRoutes(parts: IdentityParts): AnyElysia {
  return new Elysia({ name: "identity" })
    .use(authRoutes(new SignIn(parts)))
    .use(shopRoutes(new Shop(parts)))
    .use(userRoutes(new Users(parts)));
}
