import { Elysia, t } from "elysia";
import { memberContext } from "../../../platform/http/context.ts";
import { operation, problems } from "../../../platform/http/operation.ts";
import { IdPath } from "../../../platform/http/shape.ts";
import { answerOnce, changed, created } from "../answer.ts";
import type { ConstructionParts } from "../work.ts";
import { anonymizeCustomer } from "./anonymize.ts";
import * as service from "./service.ts";
import { CustomerChanges, CustomerPage, CustomerQuery, CustomerShown, NewCustomer } from "./shapes.ts";

const tag = "customers";
const taken = { 409: "Another customer of the shop has this document." };

export function customerRoutes(parts: ConstructionParts) {
  const { uow } = parts;
  return new Elysia({ name: "construction-customers", prefix: "/customers", normalize: false })
    .use(memberContext)
    .get("", ({ work_context, query }) => uow.run(work_context, (work) => service.listCustomers(work, query)), {
      query: CustomerQuery,
      response: { 200: CustomerPage },
      detail: operation("List customers by name", { tag }),
    })
    .post(
      "",
      (context) =>
        answerOnce(parts, context, async (work) => {
          const customer = await service.createCustomer(work, context.body);
          return created(`customers/${customer.id}`, customer);
        }),
      {
        body: NewCustomer,
        response: { 201: CustomerShown },
        detail: operation("Make a customer", { tag, idempotent: true, problems: taken }),
      },
    )
    .get("/:id", ({ work_context, params }) => uow.run(work_context, (work) => service.getCustomer(work, params.id)), {
      params: IdPath,
      response: { 200: CustomerShown },
      detail: operation("Get a customer", { tag, problems: problems(404) }),
    })
    .patch(
      "/:id",
      ({ work_context, params, body }) =>
        uow.run(work_context, (work) => service.updateCustomer(work, params.id, body)),
      {
        params: IdPath,
        body: CustomerChanges,
        response: { 200: CustomerShown },
        detail: operation("Change a customer", { tag, problems: { ...problems(404), ...taken } }),
      },
    )
    .delete(
      "/:id",
      async ({ work_context, params, set }) => {
        await uow.run(work_context, (work) => service.deleteCustomer(work, params.id));
        set.status = 204;
      },
      {
        params: IdPath,
        response: { 204: t.Void({ description: "The customer is gone." }) },
        detail: operation("Delete a customer that nothing refers to", { tag, problems: problems(404, 409) }),
      },
    )
    .post(
      "/:id/anonymize",
      (context) =>
        answerOnce(parts, context, async (work) => changed(await anonymizeCustomer(work, context.params.id))),
      {
        params: IdPath,
        response: { 200: CustomerShown },
        detail: operation("Blank a customer's personal data for good (LGPD)", {
          tag,
          idempotent: true,
          description:
            "The customer's row, job sites, quotes and orders lose what tells who it was; events of the past are " +
            "redacted. Numbers and figures stay.",
          problems: { ...problems(404), 403: "Only an admin may do this." },
        }),
      },
    );
}
