import { pathOf } from "../../platform/http/gate.ts";
import { once, type Reply } from "../../platform/http/idempotency.ts";
import type { WorkContext } from "../../platform/tenancy/unit-of-work.ts";
import type { ConstructionParts, ShopWork } from "./work.ts";

const API = "/api/v1";

interface WriteRequest {
  request: Request;
  work_context: WorkContext;
  body?: unknown;
}

/**
 * Answers a POST: `act` in one transaction, once for an `Idempotency-Key`. A Response, so that an answer given again is
 * the kept one word for word.
 */
export async function answerOnce(
  { uow }: ConstructionParts,
  { request, work_context, body }: WriteRequest,
  act: (work: ShopWork) => Promise<Reply>,
): Promise<Response> {
  const key = request.headers.get("idempotency-key");
  const reply = await uow.run(work_context, (work) =>
    once(work, { key, method: request.method, path: pathOf(request.url), body: body ?? null }, () => act(work)),
  );
  return new Response(JSON.stringify(reply.body), {
    status: reply.status,
    headers: { "content-type": "application/json", ...reply.headers },
  });
}

/** 201 with the place of what was made; `path` is relative to the API, without a slash in front. */
export function created(path: string, body: unknown): Reply {
  return { status: 201, headers: { location: `${API}/${path}` }, body };
}

/** 200: something that was there already has changed. */
export function changed(body: unknown): Reply {
  return { status: 200, headers: {}, body };
}
