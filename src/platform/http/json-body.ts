import { Problem, unprocessable } from "./problem.ts";

const MAX_DEPTH = 32;
const utf8 = new TextDecoder("utf-8", { fatal: true });

/**
 * A JSON body, checked for what JSON.parse lets through and a database does not: bytes that are not UTF-8, NUL and lone
 * surrogates, integers that were rounded, deep nesting, `__proto__`.
 */
export async function readJson(request: Request): Promise<unknown> {
  let text: string;
  try {
    text = utf8.decode(await request.arrayBuffer());
  } catch {
    throw new Problem(400, { code: "malformed", detail: "the body is not UTF-8" });
  }
  if (text === "") return undefined;
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new Problem(400, { code: "malformed", detail: "the body is not valid JSON" });
  }
  check(value, "", 0);
  return value;
}

function check(value: unknown, path: string, depth: number): void {
  if (typeof value === "string") {
    if (value.includes("\0") || !value.isWellFormed()) {
      throw unprocessable([{ path, message: "contains text that cannot be stored (NUL or half a character)" }]);
    }
  } else if (typeof value === "number") {
    if (Number.isInteger(value) && !Number.isSafeInteger(value)) {
      throw unprocessable([{ path, message: "is a number too large to be exact; send it as a string" }]);
    }
  } else if (typeof value === "object" && value !== null) {
    if (depth === MAX_DEPTH) throw unprocessable([{ path, message: `is nested deeper than ${MAX_DEPTH} levels` }]);
    for (const [name, part] of Object.entries(value)) {
      if (name === "__proto__") throw unprocessable([{ path: `${path}/__proto__`, message: "is not a field" }]);
      check(name, path, depth + 1);
      check(part, `${path}/${name}`, depth + 1);
    }
  }
}
