import { Elysia } from "elysia";
import { memberContext } from "../../../platform/http/context.ts";
import { operation, problems } from "../../../platform/http/operation.ts";
import { IdPath } from "../../../platform/http/shape.ts";
import { answerOnce, changed, created } from "../answer.ts";
import { ReorderShown } from "../quotes/shapes.ts";
import type { ConstructionParts } from "../work.ts";
import { changeOrderStatus } from "./progress.ts";
import { reorder } from "./reorder.ts";
import * as service from "./service.ts";
import { NewOrder, OrderChanges, OrderPage, OrderQuery, OrderShown, StatusChange } from "./shapes.ts";

const tag = "orders";

export function orderRoutes(parts: ConstructionParts) {
  const { uow } = parts;
  return new Elysia({ name: "construction-orders", prefix: "/orders", normalize: false })
    .use(memberContext)
    .get("", ({ work_context, query }) => uow.run(work_context, (work) => service.listOrders(work, query)), {
      query: OrderQuery,
      response: { 200: OrderPage },
      detail: operation("List orders, the newest first", { tag }),
    })
    .post(
      "",
      (context) =>
        answerOnce(parts, context, async (work) => {
          const order = await service.createOrder(work, context.body);
          return created(`orders/${order.id}`, order);
        }),
      {
        body: NewOrder,
        response: { 201: OrderShown },
        detail: operation("Make an order without a quote", { tag, idempotent: true, problems: problems(404) }),
      },
    )
    .get("/:id", ({ work_context, params }) => uow.run(work_context, (work) => service.getOrder(work, params.id)), {
      params: IdPath,
      response: { 200: OrderShown },
      detail: operation("Get an order with its items", { tag, problems: problems(404) }),
    })
    .patch(
      "/:id",
      ({ work_context, params, body }) => uow.run(work_context, (work) => service.updateOrder(work, params.id, body)),
      {
        params: IdPath,
        body: OrderChanges,
        response: { 200: OrderShown },
        detail: operation("Move a pending order's delivery to another day", { tag, problems: problems(404, 409) }),
      },
    )
    .post(
      "/:id/status",
      (context) =>
        answerOnce(parts, context, async (work) =>
          changed(await changeOrderStatus(work, context.params.id, context.body.status)),
        ),
      {
        params: IdPath,
        body: StatusChange,
        response: { 200: OrderShown },
        detail: operation("Move an order on", {
          tag,
          idempotent: true,
          description:
            "`pending → preparing → out_for_delivery → delivered`. Delivering takes the items out of stock, below zero if need be.",
          problems: { ...problems(404), 409: "The order cannot become that now; `detail` names what it can." },
        }),
      },
    )
    .post(
      "/:id/cancel",
      (context) =>
        answerOnce(parts, context, async (work) =>
          changed(await changeOrderStatus(work, context.params.id, "cancelled")),
        ),
      {
        params: IdPath,
        response: { 200: OrderShown },
        detail: operation("Cancel an order that was not delivered", {
          tag,
          idempotent: true,
          problems: problems(404, 409),
        }),
      },
    )
    .post(
      "/:id/reorder",
      (context) =>
        answerOnce(parts, context, async (work) => {
          const quote = await reorder(work, context.params.id);
          return created(`quotes/${quote.id}`, quote);
        }),
      {
        params: IdPath,
        response: { 201: ReorderShown },
        detail: operation("Make a draft quote of an order's items at today's prices", {
          tag,
          idempotent: true,
          problems: { ...problems(404), 409: "None of the order's products is sold any more." },
        }),
      },
    );
}
