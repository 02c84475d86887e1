import { Elysia, t } from "elysia";
import { memberContext } from "../../../platform/http/context.ts";
import { operation, problems } from "../../../platform/http/operation.ts";
import { IdPath } from "../../../platform/http/shape.ts";
import { answerOnce, created } from "../answer.ts";
import type { ConstructionParts } from "../work.ts";
import { supplierPriceRoutes } from "./price-routes.ts";
import * as service from "./service.ts";
import { NewSupplier, SupplierChanges, SupplierPage, SupplierQuery, SupplierShown } from "./shapes.ts";

const tag = "suppliers";
const taken = { 409: "Another supplier of the shop has this document." };

export function supplierRoutes(parts: ConstructionParts) {
  const { uow } = parts;
  return new Elysia({ name: "construction-suppliers", prefix: "/suppliers", normalize: false })
    .use(memberContext)
    .get("", ({ work_context, query }) => uow.run(work_context, (work) => service.listSuppliers(work, query)), {
      query: SupplierQuery,
      response: { 200: SupplierPage },
      detail: operation("List suppliers by name", { tag }),
    })
    .post(
      "",
      (context) =>
        answerOnce(parts, context, async (work) => {
          const supplier = await service.createSupplier(work, context.body);
          return created(`suppliers/${supplier.id}`, supplier);
        }),
      {
        body: NewSupplier,
        response: { 201: SupplierShown },
        detail: operation("Make a supplier", { tag, idempotent: true, problems: taken }),
      },
    )
    .get("/:id", ({ work_context, params }) => uow.run(work_context, (work) => service.getSupplier(work, params.id)), {
      params: IdPath,
      response: { 200: SupplierShown },
      detail: operation("Get a supplier", { tag, problems: problems(404) }),
    })
    .patch(
      "/:id",
      ({ work_context, params, body }) =>
        uow.run(work_context, (work) => service.updateSupplier(work, params.id, body)),
      {
        params: IdPath,
        body: SupplierChanges,
        response: { 200: SupplierShown },
        detail: operation("Change a supplier", { tag, problems: { ...problems(404), ...taken } }),
      },
    )
    .delete(
      "/:id",
      async ({ work_context, params, set }) => {
        await uow.run(work_context, (work) => service.deleteSupplier(work, params.id));
        set.status = 204;
      },
      {
        params: IdPath,
        response: { 204: t.Void({ description: "The supplier is gone." }) },
        detail: operation("Delete a supplier that has no prices", { tag, problems: problems(404, 409) }),
      },
    )
    .use(supplierPriceRoutes(parts));
}
