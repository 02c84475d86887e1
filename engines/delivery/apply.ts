import type { BatchContext, EventOf } from "@basecommerce/engine";

export const eventTypes = [
  "order_created",
  "order_rescheduled",
  "order_status_changed",
  "customer_anonymized",
] as const;

export type DeliveryEvent = EventOf<"construction", (typeof eventTypes)[number]>;

interface DeliveryFacts {
  tenant_id: string;
  order_id: string;
  created_seq: number | null;
  number: string | null;
  customer_id: string | null;
  customer_name: string | null;
  address: object | null;
  delivery_date: string | null;
  date_seq: number;
  total_value: string | null;
  /** Null when the batch says nothing of it. */
  status: string | null;
  status_seq: number;
}

const UPSERT_DELIVERIES = `
  insert into deliveries as d (tenant_id, order_id, created_seq, number, customer_id, customer_name, address,
                               delivery_date, date_seq, total_value, status, status_seq)
  select n.tenant_id, n.order_id, n.created_seq, n.number, n.customer_id,
         case when a.seq > n.created_seq then null else n.customer_name end,
         case when a.seq > n.created_seq then null else nullif(n.address, 'null'::jsonb) end,
         n.delivery_date, n.date_seq, n.total_value, coalesce(n.status, 'pending'), n.status_seq
  from json_to_recordset($1::text::json) as n (tenant_id uuid, order_id uuid, created_seq bigint, number text,
         customer_id uuid, customer_name text, address jsonb, delivery_date date, date_seq bigint, total_value numeric,
         status text, status_seq bigint)
  left join anonymized_customers a on a.tenant_id = n.tenant_id and a.customer_id = n.customer_id
  order by n.tenant_id, n.order_id
  on conflict (tenant_id, order_id) do update set
    created_seq = coalesce(d.created_seq, excluded.created_seq),
    number = coalesce(d.number, excluded.number),
    customer_id = coalesce(d.customer_id, excluded.customer_id),
    customer_name = coalesce(d.customer_name, excluded.customer_name),
    address = coalesce(d.address, excluded.address),
    delivery_date = case when excluded.date_seq > d.date_seq then excluded.delivery_date else d.delivery_date end,
    date_seq = greatest(d.date_seq, excluded.date_seq),
    total_value = coalesce(d.total_value, excluded.total_value),
    status = case when excluded.status_seq > d.status_seq then excluded.status else d.status end,
    status_seq = greatest(d.status_seq, excluded.status_seq)`;

const ADD_STEPS = `
  insert into steps (tenant_id, order_id, seq, status, reached_at, user_id)
  select tenant_id, order_id, seq, status, reached_at, user_id
  from json_to_recordset($1::text::json) as (tenant_id uuid, order_id uuid, seq bigint, status text,
                                             reached_at timestamptz, user_id uuid)`;

const ADD_ANONYMIZED = `
  insert into anonymized_customers as a (tenant_id, customer_id, seq)
  select tenant_id, customer_id, max(seq)
  from json_to_recordset($1::text::json) as (tenant_id uuid, customer_id uuid, seq bigint)
  group by 1, 2
  on conflict (tenant_id, customer_id) do update set seq = greatest(a.seq, excluded.seq)`;

const anonymized = `
  select d.tenant_id, d.order_id, n.occurred_at
  from json_to_recordset($1::text::json) as n (tenant_id uuid, customer_id uuid, seq bigint, occurred_at timestamptz)
  join deliveries d on d.tenant_id = n.tenant_id and d.customer_id = n.customer_id and d.created_seq < n.seq`;

// Figures stay; who it was and where does not, nor what people wrote about it until then: what they wrote later is theirs
// to keep, also when a replay comes to this event again.
const BLANK = [
  `update deliveries d set customer_name = null, address = null from (${anonymized}) b
   where d.tenant_id = b.tenant_id and d.order_id = b.order_id`,
  `update proofs p set recipient_name = null, recipient_document = null, signature = null, photo = null
   from (${anonymized}) b where p.tenant_id = b.tenant_id and p.order_id = b.order_id
     and p.recorded_at <= b.occurred_at`,
  `update occurrences o set description = null from (${anonymized}) b
   where o.tenant_id = b.tenant_id and o.order_id = b.order_id and o.occurred_at <= b.occurred_at`,
];

/** Writes a batch in a few statements, however it is mixed. */
export async function apply(
  events: readonly DeliveryEvent[],
  { db }: Pick<BatchContext<unknown>, "db">,
): Promise<void> {
  const deliveries = new Map<string, DeliveryFacts>();
  const steps: object[] = [];
  const blanked: object[] = [];
  for (const { tenant_id, seq, occurred_at, ...event } of events) {
    if (event.event_type === "customer_anonymized") {
      blanked.push({ tenant_id, customer_id: event.payload.customer_id, seq, occurred_at });
      continue;
    }
    const { order_id } = event.payload;
    const key = `${tenant_id} ${order_id}`;
    if (event.event_type === "order_created") {
      const { number, customer_id, customer_name, delivery_address, delivery_date, total_value } = event.payload;
      const facts = { number, customer_id, customer_name, address: delivery_address, delivery_date, total_value };
      const began = { date_seq: seq, status: "pending", status_seq: seq };
      deliveries.set(key, { tenant_id, order_id, created_seq: seq, ...facts, ...began });
      steps.push({ tenant_id, order_id, seq, status: "pending", reached_at: occurred_at, user_id: null });
      continue;
    }
    if (event.event_type === "order_rescheduled") {
      const known = deliveries.get(key) ?? nothingOf(tenant_id, order_id);
      deliveries.set(key, { ...known, delivery_date: event.payload.delivery_date, date_seq: seq });
      continue;
    }
    const { new_status: status, changed_at: reached_at, user_id } = event.payload;
    const known = deliveries.get(key) ?? nothingOf(tenant_id, order_id);
    deliveries.set(key, { ...known, status, status_seq: seq });
    steps.push({ tenant_id, order_id, seq, status, reached_at, user_id });
  }
  const write = async (sql: string, rows: readonly object[]) => {
    if (rows.length > 0) await db.query(sql, [JSON.stringify(rows)]);
  };
  await write(ADD_ANONYMIZED, blanked);
  await write(UPSERT_DELIVERIES, [...deliveries.values()]);
  await write(ADD_STEPS, steps);
  for (const sql of BLANK) await write(sql, blanked);
}

function nothingOf(tenant_id: string, order_id: string): DeliveryFacts {
  return {
    tenant_id,
    order_id,
    created_seq: null,
    number: null,
    customer_id: null,
    customer_name: null,
    address: null,
    delivery_date: null,
    date_seq: 0,
    total_value: null,
    status: null,
    status_seq: 0,
  };
}
