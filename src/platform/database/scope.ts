import type { Scope } from "./database.ts";

const IDENTIFIER = /^[a-z][a-z0-9_]{0,62}$/;
const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

/**
 * The statement that binds the open transaction to role, tenant and limits; local to it, so that nothing leaks into
 * the next user of the connection. Values are checked and inlined: it travels with BEGIN in one message.
 */
export function bindingOf(scope: Scope): string {
  const settings: string[] = [];
  if (scope.role !== undefined) {
    if (!IDENTIFIER.test(scope.role)) throw new TypeError(`not a role name: ${JSON.stringify(scope.role)}`);
    settings.push(`set_config('role', '${scope.role}', true)`);
  }
  if (scope.tenant_id !== undefined) {
    if (!UUID.test(scope.tenant_id)) throw new TypeError(`not a tenant id: ${JSON.stringify(scope.tenant_id)}`);
    settings.push(`set_config('app.tenant_id', '${scope.tenant_id}', true)`);
  }
  if (scope.schema !== undefined) {
    if (!IDENTIFIER.test(scope.schema)) throw new TypeError(`not a schema name: ${JSON.stringify(scope.schema)}`);
    settings.push(`set_config('search_path', '${scope.schema}', true)`);
  }
  if (scope.idle_timeout_ms !== undefined) {
    settings.push(`set_config('idle_in_transaction_session_timeout', '${Math.ceil(scope.idle_timeout_ms)}', true)`);
  }
  if (scope.statement_timeout_ms !== undefined) {
    settings.push(`set_config('statement_timeout', '${Math.ceil(scope.statement_timeout_ms)}', true)`);
  }
  if (scope.jit === false) settings.push("set_config('jit', 'off', true)");
  // Before any query: the server refuses it later.
  const kind = scope.snapshot ? "set transaction isolation level repeatable read, read only; " : "";
  return settings.length === 0 ? kind : `${kind}select ${settings.join(", ")}`;
}

/** Brings the session back to how it was opened; before COMMIT, so that nobody's transaction begins with what is undone. */
export const AS_OPENED = "reset all; reset role";

const BIND_TENANT = "select set_config('app.tenant_id', $1, true)";
const BIND_ROLE = "select set_config('role', $1, true), set_config('search_path', $2, true)";

/**
 * What `bindingOf` sends, as a statement to be prepared: shops and roles change often within a transaction of an engine.
 * Undefined for other scopes than those.
 */
export function preparedBindingOf(scope: Scope): { sql: string; parameters: string[] } | undefined {
  const { role, schema, tenant_id } = scope;
  const size = Object.keys(scope).length;
  if (size === 1 && tenant_id !== undefined) return { sql: BIND_TENANT, parameters: [tenant_id] };
  if (size === 2 && role !== undefined && schema !== undefined) return { sql: BIND_ROLE, parameters: [role, schema] };
  return undefined;
}
