import type { Database, Transaction } from "../platform/database/database.ts";
import { ENGINES } from "../platform/database/roles.ts";
import { once, type Reply } from "../platform/http/idempotency.ts";
import type { EngineRequest } from "./engine-routes.ts";

/**
 * Answers a request once for its Idempotency-Key, in the transaction of the engine's write. The key is the host's: the
 * transaction is bound to the engine's role for the engine's own work only.
 */
export async function answeredOnce(
  tx: Transaction,
  { key = null, method, path, body, tenant, actor }: EngineRequest,
  engine: { name: string; role: string },
  answer: () => Promise<Response>,
): Promise<Reply<string>> {
  const request = { key, method, path: `${engine.name} ${path}`, body };
  const write = async () => {
    await tx.bind({ role: engine.role, schema: engine.role });
    const response = await answer();
    const reply = {
      status: response.status,
      headers: Object.fromEntries(response.headers),
      body: await response.text(),
    };
    await tx.bind({ role: ENGINES, schema: "public" });
    return reply;
  };
  return await once({ tx, tenant, actor }, request, write, "public.engine_request_keys");
}

export function responseOf({ status, headers, body }: Reply<string>): Response {
  return new Response(body === "" ? null : body, { status, headers });
}

/** Forgets keys that are older than they are kept. */
export async function forgetOldKeys(database: Database): Promise<void> {
  await database.transaction({ role: ENGINES }, (tx) =>
    tx.query("delete from engine_request_keys where created_at < now() - interval '24 hours'"),
  );
}
