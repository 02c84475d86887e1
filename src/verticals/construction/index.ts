import { type AnyElysia, Elysia } from "elysia";
import { customerRoutes } from "./customers/routes.ts";
import { dashboardRoutes } from "./dashboard/routes.ts";
import { jobSiteRoutes } from "./job-sites/routes.ts";
import { orderRoutes } from "./orders/routes.ts";
import { productRoutes } from "./products/routes.ts";
import { quoteRoutes } from "./quotes/routes.ts";
import { stockRoutes } from "./stock/routes.ts";
import { supplierRoutes } from "./suppliers/routes.ts";
import type { ConstructionParts } from "./work.ts";

/** The REST API of a building-materials shop. Untyped as a whole: the types are in each resource's module. */
export function constructionRoutes(parts: ConstructionParts): AnyElysia {
  return new Elysia({ name: "construction", prefix: "/api/v1", normalize: false })
    .use(dashboardRoutes(parts))
    .use(productRoutes(parts))
    .use(customerRoutes(parts))
    .use(jobSiteRoutes(parts))
    .use(supplierRoutes(parts))
    .use(stockRoutes(parts))
    .use(quoteRoutes(parts))
    .use(orderRoutes(parts));
}
