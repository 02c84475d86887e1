import { type OperationOptions, USUAL } from "./operation.ts";
import { titleOf } from "./problem.ts";

/** The shared problem schema, as it stands in the API document. */
export const PROBLEM_SCHEMA = {
  type: "object",
  description: "Every error has this form (RFC 9457).",
  required: ["type", "title", "status", "detail", "request_id"],
  additionalProperties: false,
  properties: {
    type: { type: "string", description: "stable, for programs", examples: ["urn:basecommerce:problem:not_found"] },
    title: { type: "string", examples: ["Not Found"] },
    status: { type: "integer", examples: [404] },
    detail: { type: "string", description: "for people", examples: ["product not found"] },
    request_id: { type: "string", description: "also in `X-Request-Id`; name it when you ask for help" },
    errors: {
      type: "array",
      description: "with 422: each field that is wrong, by JSON pointer",
      items: {
        type: "object",
        required: ["path", "message"],
        additionalProperties: false,
        properties: { path: { type: "string" }, message: { type: "string" } },
      },
    },
  },
} as const;

const CODES: Record<number, string> = {
  400: "malformed",
  401: "unauthenticated",
  403: "forbidden",
  404: "not_found",
  409: "conflict",
  413: "too_large",
  415: "not_json",
  422: "invalid",
  429: "too_many_requests",
  500: "internal",
  503: "unavailable",
};

/** Which errors a route may answer, with the sentence for each: its own, and those that come from where it stands. */
export function problemsOf(options: OperationOptions, takes: { body: boolean; fields: boolean }): Map<number, string> {
  const found = new Map<number, string>();
  const add = (status: number, sentence: string) => {
    if (!found.has(status)) found.set(status, sentence);
  };
  for (const [status, sentence] of Object.entries(options.problems ?? {})) add(Number(status), sentence);
  if (!options.shopless) {
    if (!options.open) {
      add(401, USUAL[401]);
      add(403, "The token belongs to another shop.");
    }
    add(404, "There is no such shop.");
    add(429, USUAL[429]);
    add(500, "Something went wrong on our side; name the `request_id` when you ask for help.");
    add(503, USUAL[503]);
  }
  if (takes.body) {
    add(400, USUAL[400]);
    add(413, USUAL[413]);
    add(415, "The body is not sent as application/json.");
  }
  if (takes.body || takes.fields) add(422, USUAL[422]);
  return found;
}

/** One error answer of the document. */
export function problemAnswer(status: number, description: string) {
  const waits = status === 429 || status === 503;
  return {
    description,
    ...(waits ? { headers: { "Retry-After": { schema: { type: "integer" }, description: "seconds to wait" } } } : {}),
    content: {
      "application/problem+json": {
        schema: { $ref: "#/components/schemas/Problem" },
        example: exampleOf(status, description),
      },
    },
  };
}

function exampleOf(status: number, detail: string) {
  return {
    type: `urn:basecommerce:problem:${CODES[status] ?? "error"}`,
    title: titleOf(status),
    status,
    detail,
    request_id: "AaIEheqMcCGt8wAG_1Y6HQ",
    ...(status === 422 ? { errors: [{ path: "/name", message: "must say something" }] } : {}),
  };
}
