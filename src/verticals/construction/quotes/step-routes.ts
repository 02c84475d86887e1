import { Elysia } from "elysia";
import { memberContext } from "../../../platform/http/context.ts";
import { operation, problems } from "../../../platform/http/operation.ts";
import { IdPath } from "../../../platform/http/shape.ts";
import { answerOnce, changed, created } from "../answer.ts";
import { OrderShown } from "../orders/shapes.ts";
import type { ConstructionParts } from "../work.ts";
import { convertQuote } from "./convert.ts";
import { approveQuote, cancelQuote, sendQuote } from "./progress.ts";
import { QuoteShown } from "./shapes.ts";

const tag = "quotes";
const wrong = { ...problems(404), 409: "The quote cannot become that now; `detail` names what it can." };
const decided = { ...wrong, 403: "Only an admin may, or a seller where the feature `sellers_approve` is on." };

/** What moves a quote on: `draft → sent → approved → converted`, or `cancelled` before that. */
export function quoteStepRoutes(parts: ConstructionParts) {
  return new Elysia({ name: "construction-quote-steps", normalize: false })
    .use(memberContext)
    .post(
      "/:id/send",
      (context) => answerOnce(parts, context, async (work) => changed(await sendQuote(work, context.params.id))),
      {
        params: IdPath,
        response: { 200: QuoteShown },
        detail: operation("Send a draft; it is valid for `valid_days` from now", {
          tag,
          idempotent: true,
          problems: wrong,
        }),
      },
    )
    .post(
      "/:id/approve",
      (context) => answerOnce(parts, context, async (work) => changed(await approveQuote(work, context.params.id))),
      {
        params: IdPath,
        response: { 200: QuoteShown },
        detail: operation("Approve a quote that was sent and has not expired", {
          tag,
          idempotent: true,
          problems: decided,
        }),
      },
    )
    .post(
      "/:id/convert",
      (context) =>
        answerOnce(parts, context, async (work) => {
          const { order, made } = await convertQuote(work, context.params.id);
          const reply = created(`orders/${order.id}`, order);
          return made ? reply : { ...reply, status: 200 };
        }),
      {
        params: IdPath,
        response: { 200: OrderShown, 201: OrderShown },
        detail: operation("Make the order of an approved quote", {
          tag,
          idempotent: true,
          description: "One order for a quote, for ever: asked again it answers 200 with the order there is.",
          problems: decided,
        }),
      },
    )
    .post(
      "/:id/cancel",
      (context) => answerOnce(parts, context, async (work) => changed(await cancelQuote(work, context.params.id))),
      {
        params: IdPath,
        response: { 200: QuoteShown },
        detail: operation("Cancel a quote that was not converted", { tag, idempotent: true, problems: decided }),
      },
    );
}
