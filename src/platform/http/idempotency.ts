import type { StreamContracts } from "../../contracts/contract.ts";
import type { Work } from "../tenancy/unit-of-work.ts";
import { Problem, unprocessable } from "./problem.ts";

/** What a write answers: kept under its Idempotency-Key, given again word for word. */
export interface Reply<T = unknown> {
  status: number;
  headers: Record<string, string>;
  body: T;
}

/** What `once` needs of a unit of work: the transaction of the write, and whose it is. */
type KeyedWork = Pick<Work<StreamContracts>, "tx" | "tenant" | "actor">;

/** Where the answers are kept: the vertical's, or engines'. */
type KeyTable = "public.idempotency_keys" | "public.engine_request_keys";

const KEY = /^[\x21-\x7e]{1,255}$/;

/**
 * Does `write` once for an Idempotency-Key, in the transaction of the write itself: a second request with the same key
 * waits for the first to commit and gets its answer; if the first rolled back, the second does the work.
 */
export async function once<T>(
  work: KeyedWork,
  request: { key: string | null; method: string; path: string; body: unknown },
  write: () => Promise<Reply<T>>,
  table: KeyTable = "public.idempotency_keys",
): Promise<Reply<T>> {
  if (request.key === null) return await write();
  if (!KEY.test(request.key)) {
    throw unprocessable([{ path: "Idempotency-Key", message: "must be 1–255 visible ASCII characters" }]);
  }
  const digest = new Bun.CryptoHasher("sha256")
    .update(JSON.stringify([work.actor?.id, request.method, request.path, request.body]))
    .digest("hex");
  // A key older than 24 h is taken over as if it had never been. For each new one two such go, so that as many stay as a
  // day brings.
  const taken = await work.tx.query(
    `with old as (
       select key from ${table}
       where tenant_id = $1 and created_at < now() - interval '24 hours' and key <> $2
       order by created_at limit 2 for update skip locked
     ), gone as (
       delete from ${table} where tenant_id = $1 and key in (select key from old)
     )
     insert into ${table} as kept (tenant_id, key, request_digest) values ($1, $2, $3)
     on conflict (tenant_id, key) do update
       set request_digest = excluded.request_digest, created_at = now(), status = null
       where kept.created_at < now() - interval '24 hours'
     returning 1`,
    [work.tenant.tenant_id, request.key, digest],
  );
  if (taken.length === 0) return await earlier(work, request.key, digest, table);
  const reply = await write();
  await work.tx.query(
    `update ${table} set status = $3, headers = $4::text::json, body = $5::text::json
     where tenant_id = $1 and key = $2`,
    [
      work.tenant.tenant_id,
      request.key,
      reply.status,
      JSON.stringify(reply.headers),
      JSON.stringify(reply.body ?? null),
    ],
  );
  return reply;
}

async function earlier<T>(work: KeyedWork, key: string, digest: string, table: KeyTable): Promise<Reply<T>> {
  const [kept] = await work.tx.query<Reply<T> & { request_digest: string; [column: string]: unknown }>(
    `select request_digest, status, headers, body from ${table} where tenant_id = $1 and key = $2`,
    [work.tenant.tenant_id, key],
  );
  if (!kept) throw new Problem(409, { code: "idempotency_race", detail: "the key was just released; try again" });
  if (kept.request_digest !== digest) {
    throw unprocessable([{ path: "Idempotency-Key", message: "was used for another request" }]);
  }
  return { status: kept.status, headers: kept.headers, body: kept.body };
}
