/** SQLSTATE of a server error, or the driver's code of a lost connection; undefined for anything else. */
export function codeOf(error: unknown): string | undefined {
  if (typeof error !== "object" || error === null) return undefined;
  if ("code" in error && typeof error.code === "string") return error.code;
  // Drizzle wraps what the driver threw.
  return "cause" in error ? codeOf(error.cause) : undefined;
}

/** The server's error itself, out of whatever wraps it, for its `constraint_name` and the like. */
export function serverErrorOf(error: unknown): { code: string; constraint: string | undefined } | undefined {
  if (typeof error !== "object" || error === null) return undefined;
  if ("code" in error && typeof error.code === "string") {
    const named =
      "constraint_name" in error ? error.constraint_name : "constraint" in error ? error.constraint : undefined;
    return { code: error.code, constraint: typeof named === "string" ? named : undefined };
  }
  return "cause" in error ? serverErrorOf(error.cause) : undefined;
}

const LOST_CONNECTION = new Set([
  "CONNECTION_CLOSED",
  "CONNECTION_ENDED",
  "CONNECTION_DESTROYED",
  "CONNECT_TIMEOUT",
  "ECONNREFUSED",
  "ECONNRESET",
  "EPIPE",
  "ETIMEDOUT",
  "EHOSTUNREACH",
  "ENETUNREACH",
  "ENOTFOUND",
  "ENOENT",
]);

/** The connection is gone or was never there; what was in hand may or may not have happened. */
export function isConnectionLost(error: unknown): boolean {
  const code = codeOf(error);
  return code !== undefined && (LOST_CONNECTION.has(code) || code.startsWith("08") || code.startsWith("57P"));
}

/**
 * Failures of the surroundings, not of the work: connection (08), rollback such as deadlock (40), resources (53),
 * operator intervention (57), lock timeout (55P03), idle-in-transaction timeout (25P03). Repeating helps.
 */
export function isTransient(error: unknown): boolean {
  const code = codeOf(error);
  if (code === undefined) return false;
  return isConnectionLost(error) || /^(08|40|53|57)/.test(code) || code === "55P03" || code === "25P03";
}

export function isUniqueViolation(error: unknown, constraint?: string): boolean {
  const server = serverErrorOf(error);
  return server?.code === "23505" && (constraint === undefined || server.constraint === constraint);
}

export function isForeignKeyViolation(error: unknown): boolean {
  return codeOf(error) === "23503";
}
