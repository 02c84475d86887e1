import type { EngineDb } from "@basecommerce/engine";

/** A delivery that was claimed for an attempt. */
export type Claimed = {
  tenant_id: string;
  id: string;
  endpoint_id: string;
  url: string;
  secrets: string[];
  body: object;
  attempts: number;
  queued_at: string;
};

/** After this long without an answer somebody else may try: the claimer died. */
const CLAIM = "interval '2 minutes'";
const FIRST_PAUSE_SECONDS = 5;
const LONGEST_PAUSE_SECONDS = 6 * 3600;
const TRIED_FOR = "interval '3 days'";
const ENDPOINT_FAILS_FOR = "interval '5 days'";
export const KEPT_FOR = "interval '30 days'";

/** Of an endpoint `p`: secrets that were changed and sign still, the oldest first, each with its `until`. */
export const RETIRED = `
  (select coalesce(jsonb_agg(r order by (r->>'until')::timestamptz), '[]') from jsonb_array_elements(p.retired_secrets) r
   where (r->>'until')::timestamptz > now())`;

// A few of each endpoint and of each shop: however much one has waiting, there is room for the others, and what lies behind
// those few is not read.
const CLAIM_DUE = `
  with due as (
    select d.*, row_number() over (partition by d.tenant_id order by d.next_attempt_at) as of_tenant
    from endpoints p cross join lateral (
      select tenant_id, id, next_attempt_at from deliveries
      where tenant_id = p.tenant_id and endpoint_id = p.id and status = 'pending' and next_attempt_at <= now()
      order by next_attempt_at limit 5 for update skip locked) d
    where p.active and p.id not in (select value::uuid from json_array_elements_text($1::text::json))
  ), claimed as (
    select tenant_id, id from due where of_tenant <= 20 order by of_tenant limit 50
  )
  update deliveries d set attempts = d.attempts + 1, last_attempt_at = now(), next_attempt_at = now() + ${CLAIM}
  from claimed join endpoints p on p.tenant_id = claimed.tenant_id
  where d.tenant_id = claimed.tenant_id and d.id = claimed.id and p.id = d.endpoint_id
  returning d.tenant_id, d.id, d.endpoint_id, p.url, d.body, d.attempts, d.queued_at,
    jsonb_build_array(p.secret) || jsonb_path_query_array(${RETIRED}, '$[*].secret') as secrets`;

/** Claims what is due, across shops, leaving out the endpoints that are being spoken to. */
export async function claimDue(db: EngineDb, busy: readonly string[]): Promise<Claimed[]> {
  return await db.query<Claimed>(CLAIM_DUE, [JSON.stringify(busy)]);
}

/** Not an attempt: the host stops. */
export async function putBack(db: EngineDb, { id }: Claimed): Promise<void> {
  await db.query(
    "update deliveries set attempts = attempts - 1, next_attempt_at = now() + interval '1 minute' where id = $1",
    [id],
  );
}

/** Not an attempt: the shop has the plugin off. It waits as long as for a receiver that fails. */
export async function putOff(db: EngineDb, delivery: Claimed): Promise<void> {
  await putBack(db, delivery);
  await db.query(
    `update deliveries set status = 'failed', next_attempt_at = null, last_error = 'the plugin is off'
     where id = $1 and queued_at < now() - ${TRIED_FOR}`,
    [delivery.id],
  );
}

/** Writes the endpoint before the delivery, as all do that write both: so no two wait for each other. */
export async function noteDelivered(db: EngineDb, { id, endpoint_id }: Claimed, status: number): Promise<void> {
  await db.query("update endpoints set failing_since = null where id = $1 and failing_since is not null", [
    endpoint_id,
  ]);
  await db.query(
    `update deliveries set status = 'delivered', next_attempt_at = null, last_status = $2, last_error = null
     where id = $1`,
    [id, status],
  );
}

// The pause doubles, with up to a fifth of it added at random so that a receiver that comes back is not overrun. What is
// no longer pending was given up with its endpoint, and stays so.
const NOTE_FAILED = `
  update deliveries d set last_status = $2::int, last_error = $3,
    status = case when d.status <> 'pending' or t.next_at > d.queued_at + ${TRIED_FOR} then 'failed' else 'pending' end,
    next_attempt_at = case when d.status = 'pending' and t.next_at <= d.queued_at + ${TRIED_FOR} then t.next_at end
  from (select now() + make_interval(secs => $4::float8) as next_at) t
  where d.id = $1`;

/** Tries again later, or gives up after three days; an endpoint that only fails for five is switched off. */
export async function noteFailed(
  db: EngineDb,
  delivery: Claimed,
  status: number | null,
  error: string,
  gone: boolean,
): Promise<void> {
  const [endpoint] = await db.query(
    `update endpoints set failing_since = coalesce(failing_since, now()),
       active = active and not ($2 or coalesce(failing_since < now() - ${ENDPOINT_FAILS_FOR}, false)),
       inactive_reason = case when $2 then 'the receiver answered 410: it is gone'
         when failing_since < now() - ${ENDPOINT_FAILS_FOR} then 'every attempt of five days failed' else inactive_reason end
     where id = $1 and (failing_since is null or $2 or failing_since < now() - ${ENDPOINT_FAILS_FOR})
     returning active`,
    [delivery.endpoint_id, gone],
  );
  const pause = Math.min(FIRST_PAUSE_SECONDS * 2 ** Math.min(delivery.attempts - 1, 30), LONGEST_PAUSE_SECONDS);
  await db.query(NOTE_FAILED, [delivery.id, status, error.slice(0, 500), pause * (1 + Math.random() / 5)]);
  if (endpoint?.active === false) await giveUp(db, delivery.endpoint_id);
}

/** What waits for an endpoint that was switched off fails; recovering the endpoint sends it. */
export async function giveUp(db: EngineDb, endpoint_id: string): Promise<void> {
  await db.query(
    `update deliveries set status = 'failed', next_attempt_at = null, last_error = coalesce(last_error, 'the endpoint is off')
     where endpoint_id = $1 and status = 'pending'`,
    [endpoint_id],
  );
}
