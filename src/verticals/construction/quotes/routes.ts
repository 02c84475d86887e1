import { Elysia } from "elysia";
import { memberContext } from "../../../platform/http/context.ts";
import { operation, problems } from "../../../platform/http/operation.ts";
import { IdPath } from "../../../platform/http/shape.ts";
import { answerOnce, created } from "../answer.ts";
import type { ConstructionParts } from "../work.ts";
import * as service from "./service.ts";
import { NewQuote, QuoteChanges, QuotePage, QuoteQuery, QuoteShown } from "./shapes.ts";
import { quoteStepRoutes } from "./step-routes.ts";

const tag = "quotes";

export function quoteRoutes(parts: ConstructionParts) {
  const { uow } = parts;
  return new Elysia({ name: "construction-quotes", prefix: "/quotes", normalize: false })
    .use(memberContext)
    .get("", ({ work_context, query }) => uow.run(work_context, (work) => service.listQuotes(work, query)), {
      query: QuoteQuery,
      response: { 200: QuotePage },
      detail: operation("List quotes, the newest first", { tag }),
    })
    .post(
      "",
      (context) =>
        answerOnce(parts, context, async (work) => {
          const quote = await service.createQuote(work, context.body);
          return created(`quotes/${quote.id}`, quote);
        }),
      {
        body: NewQuote,
        response: { 201: QuoteShown },
        detail: operation("Make a quote", { tag, idempotent: true, problems: problems(404) }),
      },
    )
    .get("/:id", ({ work_context, params }) => uow.run(work_context, (work) => service.getQuote(work, params.id)), {
      params: IdPath,
      response: { 200: QuoteShown },
      detail: operation("Get a quote with its items", { tag, problems: problems(404) }),
    })
    .patch(
      "/:id",
      ({ work_context, params, body }) => uow.run(work_context, (work) => service.updateQuote(work, params.id, body)),
      {
        params: IdPath,
        body: QuoteChanges,
        response: { 200: QuoteShown },
        detail: operation("Change a draft", { tag, problems: { ...problems(404), 409: "The quote is no draft." } }),
      },
    )
    .use(quoteStepRoutes(parts));
}
