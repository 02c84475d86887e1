import { type TSchema, t } from "elysia";
import { unprocessable } from "./problem.ts";
import { nullable, shape } from "./shape.ts";

/** Query fields every list takes; spread them beside the list's own filters. */
export const pageQuery = {
  limit: t.Optional(t.Integer({ minimum: 1, maximum: 200, default: 50, description: "how many at most" })),
  cursor: t.Optional(
    t.String({
      maxLength: 500,
      description: "`next_cursor` of the page before; opaque",
      examples: ["WyIwMTljNWYzZSJd"],
    }),
  ),
  q: t.Optional(t.String({ maxLength: 200, description: "words to search for", examples: ["cimento"] })),
};

/** What every list answers. `example` is one item. */
export function pageOf<S extends TSchema>(item: S, example: unknown) {
  return shape(
    {
      items: t.Array(item),
      next_cursor: nullable(t.String({ description: "pass it as `cursor` for the next page; null on the last" })),
    },
    { examples: [{ items: [example], next_cursor: null }] },
  );
}

/** The keys of a page's last row as an opaque cursor. */
export function cursorOf(...keys: string[]): string {
  return Buffer.from(JSON.stringify(keys)).toString("base64url");
}

/** The keys of a cursor, each of which must match its pattern; 422 for anything this list did not hand out. */
export function keysOf(cursor: string, ...patterns: RegExp[]): string[] {
  const keys = parsed(cursor);
  if (!keys || keys.length !== patterns.length || !patterns.every((pattern, i) => pattern.test(keys[i] ?? ""))) {
    throw unprocessable([{ path: "/cursor", message: "is not a cursor of this list" }]);
  }
  return keys;
}

function parsed(cursor: string): string[] | undefined {
  try {
    const keys: unknown = JSON.parse(Buffer.from(cursor, "base64url").toString());
    return Array.isArray(keys) && keys.every((key) => typeof key === "string") ? keys : undefined;
  } catch {
    return undefined;
  }
}

/** `rows` were asked for with one more than `limit`: the page, and the cursor of the next if there is one. */
export function page<T>(
  rows: T[],
  limit: number,
  keys: (row: T) => string[],
): { items: T[]; next_cursor: string | null } {
  const items = rows.slice(0, limit);
  const last = items.at(-1);
  return { items, next_cursor: rows.length > limit && last !== undefined ? cursorOf(...keys(last)) : null };
}
