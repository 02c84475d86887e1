import { type AnyElysia, Elysia } from "elysia";
import { customerRoutes } from "./customers/routes.ts";
import { orderRoutes } from "./orders/routes.ts";
import { productRoutes } from "./products/routes.ts";
import { stockRoutes } from "./stock/routes.ts";
import type { ConstructionParts } from "./work.ts";

export type { ConstructionParts } from "./work.ts";

/** The REST API of a building-materials shop. Untyped as a whole: the types are in each resource's module. */
export function constructionRoutes(parts: ConstructionParts): AnyElysia {
  return new Elysia({ name: "construction", prefix: "/api/v1", normalize: false })
    .use(productRoutes(parts))
    .use(customerRoutes(parts))
    .use(stockRoutes(parts))
    .use(orderRoutes(parts));
}
