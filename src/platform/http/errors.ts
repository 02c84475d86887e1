import { ValidationError } from "elysia";
import { codeOf, isTransient } from "../database/errors.ts";
import { type FieldError, Problem, unprocessable } from "./problem.ts";

/** The problem a thrown error is for the client. Nothing of an unexpected error leaves the process. */
export function problemOf(error: unknown, code: string | number): Problem {
  if (error instanceof Problem) return error;
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

/** Names the place and the reason; never the value found, which may be a password. */
function invalid(error: ValidationError): Problem {
  if (error.type === "response") {
    return new Problem(500, { code: "internal", detail: "something went wrong on our side" });
  }
  const errors: FieldError[] = [];
  for (const found of error.all) {
    if (!("path" in found)) continue;
    const message = "message" in found && typeof found.message === "string" ? found.message : "is not valid";
    if (!errors.some((known) => known.path === found.path)) errors.push({ path: found.path, message });
    if (errors.length === 20) break;
  }
  const place = error.type === "query" ? "the query" : error.type === "params" ? "the path" : "the body";
  return unprocessable(errors, `${place} has invalid fields`);
}
