import { Elysia, t } from "elysia";
import { memberContext } from "../../../platform/http/context.ts";
import { operation, problems } from "../../../platform/http/operation.ts";
import { IdPath } from "../../../platform/http/shape.ts";
import { answerOnce, created } from "../answer.ts";
import type { ConstructionParts } from "../work.ts";
import * as service from "./service.ts";
import {
  NewProduct,
  PricePage,
  PriceQuery,
  ProductChanges,
  ProductPage,
  ProductQuery,
  ProductShown,
} from "./shapes.ts";

const tag = "products";
const taken = { 409: "Another product of the shop has this code." };

export function productRoutes(parts: ConstructionParts) {
  const { uow } = parts;
  return new Elysia({ name: "construction-products", prefix: "/products", normalize: false })
    .use(memberContext)
    .get("", ({ work_context, query }) => uow.run(work_context, (work) => service.listProducts(work, query)), {
      query: ProductQuery,
      response: { 200: ProductPage },
      detail: operation("List products by name", { tag }),
    })
    .post(
      "",
      (context) =>
        answerOnce(parts, context, async (work) => {
          const product = await service.createProduct(work, context.body);
          return created(`products/${product.id}`, product);
        }),
      {
        body: NewProduct,
        response: { 201: ProductShown },
        detail: operation("Make a product", { tag, idempotent: true, problems: taken }),
      },
    )
    .get("/:id", ({ work_context, params }) => uow.run(work_context, (work) => service.getProduct(work, params.id)), {
      params: IdPath,
      response: { 200: ProductShown },
      detail: operation("Get a product", { tag, problems: problems(404) }),
    })
    .patch(
      "/:id",
      ({ work_context, params, body }) => uow.run(work_context, (work) => service.updateProduct(work, params.id, body)),
      {
        params: IdPath,
        body: ProductChanges,
        response: { 200: ProductShown },
        detail: operation("Change a product", { tag, problems: { ...problems(404), ...taken } }),
      },
    )
    .delete(
      "/:id",
      async ({ work_context, params, set }) => {
        await uow.run(work_context, (work) => service.deleteProduct(work, params.id));
        set.status = 204;
      },
      {
        params: IdPath,
        response: { 204: t.Void({ description: "The product is gone." }) },
        detail: operation("Delete a product that nothing refers to", { tag, problems: problems(404, 409) }),
      },
    )
    .get(
      "/:id/prices",
      ({ work_context, params, query }) =>
        uow.run(work_context, (work) => service.listProductPrices(work, params.id, query)),
      {
        params: IdPath,
        query: PriceQuery,
        response: { 200: PricePage },
        detail: operation("List what a product cost when, the newest first", { tag, problems: problems(404) }),
      },
    );
}
