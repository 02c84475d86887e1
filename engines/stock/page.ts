import { t, unprocessable } from "@basecommerce/engine";

/** Query fields every list takes; spread them beside the list's own filters. */
export const pageQuery = {
  limit: t.Optional(t.Integer({ minimum: 1, maximum: 200, default: 50 })),
  cursor: t.Optional(t.String({ maxLength: 500 })),
};

/**
 * One page of a list that was computed whole, sorted by `keyOf` as text. The cursor is the last item's key and not its
 * place: what comes or goes meanwhile shifts nothing.
 */
export function page<T>(
  items: readonly T[],
  { limit = 50, cursor }: { limit?: number; cursor?: string },
  keyOf: (item: T) => string,
): { items: T[]; next_cursor: string | null } {
  const after = cursor === undefined ? "" : keyOfCursor(cursor);
  const rest = items
    .map((item) => ({ item, key: keyOf(item) }))
    .filter(({ key }) => key > after)
    .sort((a, b) => (a.key < b.key ? -1 : 1));
  const last = rest[limit - 1];
  return {
    items: rest.slice(0, limit).map(({ item }) => item),
    next_cursor: last && rest.length > limit ? Buffer.from(JSON.stringify([last.key])).toString("base64url") : null,
  };
}

function keyOfCursor(cursor: string): string {
  try {
    const [key]: unknown[] = JSON.parse(Buffer.from(cursor, "base64url").toString());
    if (typeof key === "string") return key;
  } catch {
    // Falls through to the refusal below.
  }
  throw unprocessable([{ path: "/cursor", message: "is not a cursor of this list" }]);
}
