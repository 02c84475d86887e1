import { Elysia } from "elysia";
import { memberContext } from "../../../platform/http/context.ts";
import { operation, problems } from "../../../platform/http/operation.ts";
import { IdPath } from "../../../platform/http/shape.ts";
import { answerOnce, created } from "../answer.ts";
import type { ConstructionParts } from "../work.ts";
import * as service from "./service.ts";
import { LevelPage, LevelQuery, MovementPage, MovementQuery, MovementShown, NewMovement } from "./shapes.ts";

const tag = "stock";

export function stockRoutes(parts: ConstructionParts) {
  const { uow } = parts;
  return new Elysia({ name: "construction-stock", prefix: "/stock", normalize: false })
    .use(memberContext)
    .get("", ({ work_context, query }) => uow.run(work_context, (work) => service.listLevels(work, query)), {
      query: LevelQuery,
      response: { 200: LevelPage },
      detail: operation("List the level of every product, by name", { tag }),
    })
    .post(
      "/movements",
      (context) =>
        answerOnce(parts, context, async (work) => {
          const movement = await service.moveStock(work, context.body);
          return created(`stock/movements/${movement.id}`, movement);
        }),
      {
        body: NewMovement,
        response: { 201: MovementShown },
        detail: operation("Take in, take out or count stock", {
          tag,
          idempotent: true,
          problems: { ...problems(404), 409: "There is less than is to be taken out." },
        }),
      },
    )
    .get(
      "/movements",
      ({ work_context, query }) => uow.run(work_context, (work) => service.listMovements(work, query)),
      {
        query: MovementQuery,
        response: { 200: MovementPage },
        detail: operation("List what moved, the newest first", { tag }),
      },
    )
    .get(
      "/movements/:id",
      ({ work_context, params }) => uow.run(work_context, (work) => service.getMovement(work, params.id)),
      {
        params: IdPath,
        response: { 200: MovementShown },
        detail: operation("Get a movement", { tag, problems: problems(404) }),
      },
    );
}
