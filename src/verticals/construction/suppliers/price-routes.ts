import { Elysia } from "elysia";
import { memberContext } from "../../../platform/http/context.ts";
import { operation, problems } from "../../../platform/http/operation.ts";
import { Id, IdPath, shape } from "../../../platform/http/shape.ts";
import { answerOnce, created } from "../answer.ts";
import type { ConstructionParts } from "../work.ts";
import { getSupplierPrice, listSupplierPrices, registerSupplierPrice } from "./prices.ts";
import { NewSupplierPrice, SupplierPricePage, SupplierPriceQuery, SupplierPriceShown } from "./shapes.ts";

const tag = "suppliers";

export function supplierPriceRoutes(parts: ConstructionParts) {
  const { uow } = parts;
  return new Elysia({ name: "construction-supplier-prices", normalize: false })
    .use(memberContext)
    .post(
      "/:id/prices",
      (context) =>
        answerOnce(parts, context, async (work) => {
          const price = await registerSupplierPrice(work, context.params.id, context.body);
          return created(`suppliers/${price.supplier_id}/prices/${price.id}`, price);
        }),
      {
        params: IdPath,
        body: NewSupplierPrice,
        response: { 201: SupplierPriceShown },
        detail: operation("Note what a supplier asks for a product", {
          tag,
          idempotent: true,
          problems: problems(404),
        }),
      },
    )
    .get(
      "/:id/prices",
      ({ work_context, params, query }) => uow.run(work_context, (work) => listSupplierPrices(work, params.id, query)),
      {
        params: IdPath,
        query: SupplierPriceQuery,
        response: { 200: SupplierPricePage },
        detail: operation("List what a supplier asked, the newest first", { tag, problems: problems(404) }),
      },
    )
    .get(
      "/:id/prices/:price_id",
      ({ work_context, params }) => uow.run(work_context, (work) => getSupplierPrice(work, params.id, params.price_id)),
      {
        params: shape({ id: Id, price_id: Id }),
        response: { 200: SupplierPriceShown },
        detail: operation("Get one price of a supplier", { tag, problems: problems(404) }),
      },
    );
}
