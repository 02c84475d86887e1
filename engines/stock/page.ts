import { keyOfCursor, pageOf } from "@basecommerce/engine";

/**
 * One page of a list that was computed whole, sorted by `keyOf` as text. The cursor is the last item's key and not its
 * place: what comes or goes meanwhile shifts nothing.
 */
export function page<T>(
  items: readonly T[],
  { limit = 50, cursor }: { limit?: number; cursor?: string },
  keyOf: (item: T) => string,
): { items: T[]; next_cursor: string | null } {
  const after = cursor === undefined ? "" : keyOfCursor(cursor, /^/);
  const rest = items.map((item) => ({ item, key: keyOf(item) })).filter(({ key }) => key > after);
  rest.sort((a, b) => (a.key < b.key ? -1 : 1));
  return pageOf(
    rest.map(({ item }) => item),
    limit,
    keyOf,
  );
}
