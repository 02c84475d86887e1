import { Problem, unprocessable } from "./problem.ts";

const MAX_DEPTH = 32;
const utf8 = new TextDecoder("utf-8", { fatal: true });

/**
 * A JSON body of at most `max_bytes`, checked for what JSON.parse lets through and a database does not: bytes that are
 * not UTF-8, NUL and lone surrogates, numbers that were rounded away, deep nesting, `__proto__`, a name given twice.
 */
export async function readJson(request: Request, max_bytes: number): Promise<unknown> {
  const bytes = await bytesOf(request, max_bytes);
  let text: string;
  try {
    text = utf8.decode(bytes);
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
  // Every member of an object has one colon; a name given twice leaves more colons than members.
  if (check(value, "", 0) !== colonsOf(text)) {
    throw unprocessable([{ path: "", message: "gives a field of some object twice" }]);
  }
  return value;
}

/** Bodies without Content-Length get past the gate: they are read no further than they may be long. */
async function bytesOf(request: Request, max_bytes: number): Promise<Uint8Array | ArrayBuffer> {
  if (request.headers.has("content-length") || request.body === null) return await request.arrayBuffer();
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of request.body) {
    length += chunk.byteLength;
    if (length > max_bytes) throw tooLarge(max_bytes);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

export function tooLarge(max_bytes: number): Problem {
  return new Problem(413, { code: "too_large", detail: `a body may have ${max_bytes} bytes at most` });
}

/** Checks a value and all in it; the number of object members in it. */
function check(value: unknown, path: string, depth: number): number {
  if (typeof value === "string") {
    if (value.includes("\0") || !value.isWellFormed()) {
      throw unprocessable([{ path, message: "contains text that cannot be stored (NUL or half a character)" }]);
    }
    return 0;
  }
  if (typeof value === "number") {
    if (!Number.isFinite(value) || (Number.isInteger(value) && !Number.isSafeInteger(value))) {
      throw unprocessable([{ path, message: "is a number too large to be exact; send it as a string" }]);
    }
    return 0;
  }
  if (typeof value !== "object" || value === null) return 0;
  if (depth === MAX_DEPTH) throw unprocessable([{ path, message: `is nested deeper than ${MAX_DEPTH} levels` }]);
  let members = 0;
  if (Array.isArray(value)) {
    for (const [index, part] of value.entries()) members += check(part, `${path}/${index}`, depth + 1);
    return members;
  }
  for (const [name, part] of Object.entries(value)) {
    if (name === "__proto__") throw unprocessable([{ path: `${path}/__proto__`, message: "is not a field" }]);
    check(name, path, depth + 1);
    members += 1 + check(part, `${path}/${name}`, depth + 1);
  }
  return members;
}

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const COLON = 0x3a;

/** Colons outside strings of a text that is valid JSON. */
function colonsOf(text: string): number {
  let colons = 0;
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code === COLON) colons++;
    else if (code === QUOTE) {
      for (i++; text.charCodeAt(i) !== QUOTE; i++) {
        if (text.charCodeAt(i) === BACKSLASH) i++;
      }
    }
  }
  return colons;
}
