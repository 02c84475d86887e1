/** What no body of an engine's route may exceed: base64 of two images of 2 MB, with room for what an author adds. */
export const LARGEST_BODY_BYTES = 8 * 1024 * 1024;

/** Bytes by `METHOD /path`, the path as the route is written. */
export type BodyLimits = Readonly<Record<string, number>>;

/** The limit of the route that takes `path`, if one was declared. */
export function limitOf(limits: BodyLimits, method: string, path: string): number | undefined {
  const given = partsOf(path);
  const route = Object.keys(limits).find((declared) => {
    const [verb, pattern = ""] = declared.split(" ");
    const wanted = partsOf(pattern);
    return (
      verb === method &&
      wanted.length === given.length &&
      wanted.every((part, i) => part === given[i] || part.startsWith(":"))
    );
  });
  return route === undefined ? undefined : limits[route];
}

/** Declared limits that name no route of the engine: nothing would come of them. */
export function strayLimits(limits: BodyLimits, routes: readonly { method: string; path: string }[]): string[] {
  const known = new Set(routes.map(({ method, path }) => `${method} ${path}`));
  return Object.keys(limits).filter((declared) => !known.has(declared));
}

function partsOf(path: string): string[] {
  return path.split("/").filter((part) => part !== "");
}
