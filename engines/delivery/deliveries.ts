import { type EngineDb, notFound, type Row } from "@basecommerce/engine";

export const STATUSES = ["pending", "preparing", "out_for_delivery", "arrived", "delivered", "cancelled"] as const;
export type Status = (typeof STATUSES)[number];

/** One order on its way. */
export type Delivery = {
  order_id: string;
  number: string | null;
  status: Status;
  customer_id: string | null;
  /** Null once the customer was anonymized. */
  customer_name: string | null;
  address: Row | null;
  /** State, city and the first five digits of the postal code; `unknown` without an address. */
  region: string;
  delivery_date: string | null;
  /** Money with 2 places. */
  total_value: string | null;
};

export const region = `
  case when d.address is null then 'unknown'
       else concat_ws('/', upper(trim(d.address->>'state')), upper(trim(d.address->>'city')),
                      nullif(left(regexp_replace(coalesce(d.address->>'postal_code', ''), '\\D', '', 'g'), 5), ''))
  end`;

/** Somebody at the door is further than an order that is only out; delivered and cancelled are further still. */
export const status = `
  case when d.status = 'out_for_delivery' and a.order_id is not null then 'arrived' else d.status end`;

const columns = `
  d.order_id, d.number, ${status} as status, d.customer_id, d.customer_name, d.address, ${region} as region,
  d.delivery_date, d.total_value`;

export interface DeliveryFilter {
  status?: Status;
  date?: string;
  /** Only orders before this one. */
  before?: string;
  limit: number;
}

/** The newest order first. */
export async function listDeliveries(db: EngineDb, tenant_id: string, filter: DeliveryFilter): Promise<Delivery[]> {
  return await db.query<Delivery>(
    `select ${columns}
     from deliveries d left join arrivals a using (tenant_id, order_id)
     where d.tenant_id = $1 and ($2::text is null or ${status} = $2)
       and ($3::date is null or d.delivery_date = $3) and ($4::uuid is null or d.order_id < $4)
     order by d.order_id desc limit $5`,
    [tenant_id, filter.status ?? null, filter.date ?? null, filter.before ?? null, filter.limit],
  );
}

export async function getDelivery(db: EngineDb, tenant_id: string, order_id: string): Promise<Delivery> {
  const [delivery] = await db.query<Delivery>(
    `select ${columns} from deliveries d left join arrivals a using (tenant_id, order_id)
     where d.tenant_id = $1 and d.order_id = $2`,
    [tenant_id, order_id],
  );
  if (!delivery) throw notFound("delivery");
  return delivery;
}

/** Whether it was ever on its way, whatever became of it. */
export async function hasLeft(db: EngineDb, tenant_id: string, order_id: string): Promise<boolean> {
  const left = await db.query(
    "select 1 from steps where tenant_id = $1 and order_id = $2 and status = 'out_for_delivery' limit 1",
    [tenant_id, order_id],
  );
  return left.length > 0;
}

/** Everything that happened to a delivery, the oldest first. */
export async function storyOf(db: EngineDb, tenant_id: string, order_id: string) {
  const history = await db.query(
    `select status, at, user_id from (
       select status, reached_at as at, user_id from steps where tenant_id = $1 and order_id = $2
       union all select 'arrived', arrived_at, user_id from arrivals where tenant_id = $1 and order_id = $2
     ) happened
     order by at, array_position(array['pending', 'preparing', 'out_for_delivery', 'arrived'], status)`,
    [tenant_id, order_id],
  );
  const occurrences = await db.query(
    `select id, kind, description, user_id, occurred_at from occurrences where tenant_id = $1 and order_id = $2
     order by id`,
    [tenant_id, order_id],
  );
  const [proof = null] = await db.query(
    `select recipient_name, recipient_document, signature, photo, user_id, recorded_at from proofs
     where tenant_id = $1 and order_id = $2`,
    [tenant_id, order_id],
  );
  return { history, occurrences, proof };
}
