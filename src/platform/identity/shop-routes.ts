import { Elysia } from "elysia";
import { adminContext, memberContext, tenantContext } from "../http/context.ts";
import { operation } from "../http/operation.ts";
import type { Shop } from "./shop.ts";
import { PublicShop, ShopChange, ShopShape } from "./shop-shape.ts";

const tag = "Shop";

/** `/tenant.json` for anybody, `/api/v1/tenant` for the shop's people. */
export function shopRoutes(shop: Shop) {
  const open = new Elysia().use(tenantContext).get(
    "/tenant.json",
    ({ tenant }) => {
      const { slug, name, logo_url, primary_color, secondary_color, features } = tenant;
      return { slug, name, logo_url, primary_color, secondary_color, features };
    },
    {
      response: { 200: PublicShop },
      detail: operation("What anybody may know of the shop", {
        tag,
        open: true,
        problems: { 404: "There is no such shop, or it is not active." },
      }),
    },
  );
  const members = new Elysia().use(memberContext).get("/api/v1/tenant", ({ tenant }) => shop.get(tenant), {
    response: { 200: ShopShape },
    detail: operation("One's own shop", { tag }),
  });
  const admins = new Elysia()
    .use(adminContext)
    .patch("/api/v1/tenant", ({ tenant, body }) => shop.change(tenant, body), {
      body: ShopChange,
      response: { 200: ShopShape },
      detail: operation("Change one's own shop", { tag, problems: { 403: "Only an admin may do this." } }),
    });
  return new Elysia({ name: "shop-routes" }).use(open).use(members).use(admins);
}
