import { ParseError, ValidationError } from "elysia";
import { codeOf, isTransient, serverErrorOf } from "../database/errors.ts";
import { fieldErrorsOf } from "./field-errors.ts";
import { Problem, unprocessable } from "./problem.ts";

/** The problem a thrown error is for the client. Nothing of an unexpected error leaves the process. */
export function problemOf(error: unknown, code: string | number): Problem {
  if (error instanceof Problem) return error;
  // What a body's parser throws arrives wrapped.
  if (error instanceof ParseError && error.cause instanceof Problem) return error.cause;
  if (error instanceof ValidationError) return invalid(error);
  switch (code) {
    case "NOT_FOUND":
      return new Problem(404, { code: "not_found", detail: "nothing is at this path" });
    case "PARSE":
      return new Problem(400, { code: "malformed", detail: "the body is not valid JSON" });
    case "INVALID_COOKIE_SIGNATURE":
      return new Problem(400, { code: "malformed", detail: "a cookie is not valid" });
  }
  switch (codeOf(error)) {
    case "22021":
    case "22P02":
    case "22P05":
      return unprocessable([{ path: "", message: "contains text that cannot be stored" }]);
    case "22003":
      return unprocessable([{ path: "", message: "a number is out of range" }]);
    case "22007":
    case "22008":
    case "22009":
    case "22015":
      return unprocessable([{ path: "", message: "a date or time is out of range" }]);
    case "22001":
      return unprocessable([{ path: "", message: "a text is too long" }]);
    case "payload_too_large":
      return new Problem(413, { code: "too_large", detail: "the change is too large to be recorded as one event" });
  }
  if (isTransient(error)) {
    return new Problem(503, {
      code: "unavailable",
      detail: "a part this needs is not there right now; try again",
      headers: { "retry-after": "1" },
    });
  }
  return new Problem(500, { code: "internal", detail: "something went wrong on our side" });
}

/**
 * What is logged of an unexpected error. A query builder's message repeats the parameters, a server's detail the whole
 * row, a validator's the value found, and any of them may be a password: kept are kind, code, the innermost message
 * and the way here.
 */
export function loggable(error: unknown): Record<string, unknown> {
  if (!(error instanceof Error)) return { type: typeof error };
  const stack = (error.stack ?? "").split("\n").filter((line) => /^\s+at /.test(line));
  const type = error.constructor.name;
  if (error instanceof ValidationError) return { type, where: error.type, errors: fieldErrorsOf(error), stack };
  let root: Error = error;
  while (root.cause instanceof Error) root = root.cause;
  const server = serverErrorOf(root);
  // Class 22 is about a value and names it.
  const message = server?.code.startsWith("22") ? undefined : root.message;
  return { type, message, ...server, stack };
}

/** A value that is read from text first, as those of queries are, is refused before it is told where it stood. */
const PLACES: Record<string, string> = { query: "the query", params: "the path", body: "the body" };

/** Names the place and the reason; never the value found, which may be a password. */
function invalid(error: ValidationError): Problem {
  if (error.type === "response") {
    return new Problem(500, { code: "internal", detail: "something went wrong on our side" });
  }
  return unprocessable(fieldErrorsOf(error), `${PLACES[error.type] ?? "the request"} has invalid fields`);
}
