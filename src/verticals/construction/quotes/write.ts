import type { Item } from "../documents/items.ts";
import { itemsOfEvent } from "../documents/items.ts";
import type { ShopWork } from "../work.ts";
import type { Quote } from "./service.ts";

const LINES = `
  insert into quote_items (tenant_id, quote_id, position, product_id, quantity, unit_price, discount_percent, notes,
                           total_value)
  select $1, $2, i.position, i.product_id, i.quantity, i.unit_price, i.discount_percent, i.notes, i.total_value
  from rows from (json_to_recordset($3::text::json) as (product_id uuid, quantity numeric, unit_price numeric,
         discount_percent numeric, notes text, total_value numeric))
       with ordinality as i (product_id, quantity, unit_price, discount_percent, notes, total_value, position)`;

// One round trip. The number is taken in the statement that writes, behind everything that can be refused: from here to
// COMMIT the shop's other quotes wait.
const INSERT = `
  with numbered as (
    insert into document_numbers as n (tenant_id, kind, last) values ($1, 'quote', 1)
    on conflict (tenant_id, kind) do update set last = n.last + 1
    returning 'Q-' || lpad(last::text, greatest(6, length(last::text)), '0') as number
  ), made as (
    insert into quotes (tenant_id, id, number, status, customer_id, job_site_id, discount_percent, valid_days,
                        delivery_date, notes, total_value, user_id, created_at, updated_at)
    select $1, $2, number, 'draft', $4, $5, $6, $7, $8, $9, $10, $11, $12, $12 from numbered
  ), lines as (${LINES})
  select number from numbered`;

/** A quote as it is made: what the database gives it is missing. */
export type QuoteDraft = Pick<
  Quote,
  | "customer_id"
  | "customer_name"
  | "job_site_id"
  | "discount_percent"
  | "valid_days"
  | "delivery_date"
  | "notes"
  | "total_value"
  | "items"
>;

/** Writes a draft with the next number and records `quote_created`. */
export async function writeQuote(work: ShopWork, draft: QuoteDraft): Promise<Quote> {
  const { items, ...head } = draft;
  const id = Bun.randomUUIDv7();
  const user_id = work.actor?.id ?? null;
  const { customer_id, job_site_id, discount_percent, total_value } = head;
  const [row] = await work.tx.query<{ number: string }>(INSERT, [
    work.tenant.tenant_id,
    id,
    JSON.stringify(items),
    customer_id,
    job_site_id,
    discount_percent,
    head.valid_days,
    head.delivery_date,
    head.notes,
    total_value,
    user_id,
    work.now,
  ]);
  if (!row) throw new Error("the quote was not written");
  work.record("quote_created", {
    quote_id: id,
    customer_id,
    user_id,
    job_site_id,
    total_value,
    discount_percent,
    items_count: items.length,
    items: itemsOfEvent(items),
  });
  const { now } = work;
  return {
    id,
    number: row.number,
    status: "draft",
    ...head,
    user_id,
    order_id: null,
    sent_at: null,
    expires_at: null,
    approved_at: null,
    converted_at: null,
    cancelled_at: null,
    created_at: now,
    updated_at: now,
    items,
  };
}

/** Puts these items in the place of those a quote has. */
export async function replaceItems(work: ShopWork, quote_id: string, items: readonly Item[]): Promise<void> {
  const { tenant_id } = work.tenant;
  await work.tx.query("delete from quote_items where tenant_id = $1 and quote_id = $2", [tenant_id, quote_id]);
  await work.tx.query(LINES, [tenant_id, quote_id, JSON.stringify(items)]);
}
