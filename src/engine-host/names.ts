// An engine's own corner of the database is named after it; hyphens are not for identifiers.

/** What an engine may be called: its name is also a folder, a part of URLs, and a schema with a prefix and a suffix. */
export const ENGINE_NAME = "^[a-z][a-z0-9-]{0,40}[a-z0-9]$";

/** What may not stand at a name's end: it would be the name of another engine's role. */
export const RESERVED_END = "-batch";

export function isEngineName(text: string): boolean {
  return new RegExp(ENGINE_NAME).test(text);
}

/** Schema of an engine's tables, and the role that works in it for one tenant. */
export function engineRole(engine: string): string {
  return `engine_${engine.replaceAll("-", "_")}`;
}

/** Role that works in an engine's schema for all tenants at once: for set-based handlers. */
export function engineBatchRole(engine: string): string {
  return `${engineRole(engine)}_batch`;
}
