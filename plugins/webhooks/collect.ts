import type { BatchContext, EventOf } from "@basecommerce/engine";
import { KEPT_FOR } from "./outbox.ts";

// An endpoint that is off gets its deliveries as failed ones: recovering it sends what it missed. An event that is older
// than deliveries are kept may be one that was sent: a batch at the end of a replay holds old and new ones.
const QUEUE = `
  insert into deliveries (tenant_id, id, endpoint_id, event_id, event_type, body, status, created_at, queued_at,
                          next_attempt_at, last_error)
  select e.tenant_id, gen_random_uuid(), p.id, e.event_id, e.event_type, e.body,
         case when p.active then 'pending' else 'failed' end, now(), now(), case when p.active then now() end,
         case when not p.active then 'the endpoint is off' end
  from json_to_recordset($1::text::json) as e (tenant_id uuid, event_id uuid, event_type text, occurred_at timestamptz,
                                               body jsonb)
  join endpoints p on p.tenant_id = e.tenant_id and p.created_at <= e.occurred_at
    and e.occurred_at > now() - ${KEPT_FOR}
    and (p.event_types is null or p.event_types @> to_jsonb(e.event_type))
  on conflict do nothing`;

// As the ledger has them from then on.
const REDACT = `
  update deliveries d set body = jsonb_set(jsonb_set(d.body, '{data,customer_name}', '"—"', false),
                                           '{data,delivery_address}', 'null', false)
  from json_to_recordset($1::text::json) as e (tenant_id uuid, customer_id text)
  where d.tenant_id = e.tenant_id and d.body->'data'->>'customer_id' = e.customer_id`;

/** Queues a batch for the endpoints that want it; nothing is sent from here, the transaction may be rolled back. */
export async function collect(
  events: readonly EventOf<"construction">[],
  { db, replaying }: Pick<BatchContext<unknown>, "db" | "replaying">,
): Promise<void> {
  // What is read again was sent the first time.
  if (replaying) return;
  await db.query(QUEUE, [JSON.stringify(events.map((event) => ({ ...event, body: cloudEvent(event) })))]);
  const forgotten = events.flatMap((event) =>
    event.event_type === "customer_anonymized"
      ? [{ tenant_id: event.tenant_id, customer_id: event.payload.customer_id }]
      : [],
  );
  if (forgotten.length > 0) await db.query(REDACT, [JSON.stringify(forgotten)]);
}

/** CloudEvents 1.0 in structured mode; extension attributes are lower case letters and digits by its rules. */
function cloudEvent(event: EventOf<"construction">): object {
  return {
    specversion: "1.0",
    id: event.event_id,
    source: `urn:basecommerce:${event.tenant_id}:${event.stream}`,
    type: event.event_type,
    subject: event.key,
    time: event.occurred_at,
    datacontenttype: "application/json",
    dataversion: event.version,
    sequence: String(event.seq),
    data: event.payload,
  };
}
