import { t } from "elysia";
import { unprocessable } from "../platform/http/problem.ts";

/** Query fields every list takes; spread them beside the list's own filters. */
export const pageQuery = {
  limit: t.Optional(t.Integer({ minimum: 1, maximum: 200, default: 50 })),
  cursor: t.Optional(t.String({ maxLength: 500 })),
};

/** `rows` were asked for with one more than `limit`: the page, and the cursor of the next if there is one. */
export function pageOf<T>(
  rows: readonly T[],
  limit: number,
  keyOf: (row: T) => string,
): { items: T[]; next_cursor: string | null } {
  const last = rows[limit - 1];
  return {
    items: rows.slice(0, limit),
    next_cursor: last && rows.length > limit ? Buffer.from(JSON.stringify([keyOf(last)])).toString("base64url") : null,
  };
}

/** The key of a cursor; 422 for anything this list did not hand out. */
export function keyOfCursor(cursor: string, pattern: RegExp): string {
  try {
    const [key]: unknown[] = JSON.parse(Buffer.from(cursor, "base64url").toString());
    if (typeof key === "string" && pattern.test(key)) return key;
  } catch {
    // Falls through to the refusal below.
  }
  throw unprocessable([{ path: "/cursor", message: "is not a cursor of this list" }]);
}
