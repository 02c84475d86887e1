// An engine's own corner of the database is named after it; hyphens are not for identifiers.

/** Schema of an engine's tables, and the role that works in it for one tenant. */
export function engineRole(engine: string): string {
  return `engine_${engine.replaceAll("-", "_")}`;
}

/** Role that works in an engine's schema for all tenants at once: for set-based handlers. */
export function engineBatchRole(engine: string): string {
  return `${engineRole(engine)}_batch`;
}
