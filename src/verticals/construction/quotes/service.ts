import { and, desc, eq, getTableColumns } from "drizzle-orm";
import { page } from "../../../platform/http/page.ts";
import { conflict, notFound } from "../../../platform/http/problem.ts";
import { readPercent } from "../amounts.ts";
import { readDay } from "../documents/dates.ts";
import { documentConditions } from "../documents/filters.ts";
import { type Item, readItems } from "../documents/items.ts";
import { customerName, readParties } from "../documents/parties.ts";
import { documentTotal } from "../documents/totals.ts";
import { products } from "../products/table.ts";
import type { ShopWork } from "../work.ts";
import type { NewQuote, QuoteChanges, QuoteQuery } from "./shapes.ts";
import { quote_items, quotes } from "./table.ts";
import { replaceItems, writeQuote } from "./write.ts";

const { tenant_id: _tenant, ...columns } = getTableColumns(quotes);
const summary = { ...columns, customer_name: customerName("quotes") };

export type QuoteSummary = Omit<typeof quotes.$inferSelect, "tenant_id"> & { customer_name: string };
export type Quote = QuoteSummary & { items: Item[] };

const VALID_DAYS = 7;

/** Makes a draft. 404 for a customer, job site or product the shop does not have, 422 for an inactive product. */
export async function createQuote(work: ShopWork, input: NewQuote): Promise<Quote> {
  const discount_percent = readPercent(input.discount_percent ?? 0, "/discount_percent");
  const [{ customer_id, customer_name, job_site_id }, items] = await Promise.all([
    readParties(work, input.customer_id, input.job_site_id),
    readItems(work, input.items),
  ]);
  return await writeQuote(work, {
    customer_id,
    customer_name,
    job_site_id,
    discount_percent,
    valid_days: input.valid_days ?? VALID_DAYS,
    delivery_date: readDay(input.delivery_date, "/delivery_date"),
    notes: input.notes ?? null,
    total_value: documentTotal(items, discount_percent),
    items,
  });
}

export async function getQuote(work: ShopWork, id: string): Promise<Quote> {
  const [[quote], items] = await Promise.all([
    work.orm.select(summary).from(quotes).where(isQuote(work, id)),
    itemsOf(work, id),
  ]);
  if (!quote) throw notFound("quote");
  return { ...quote, items };
}

/** The shop's quotes without their items, the newest first. */
export async function listQuotes(work: ShopWork, query: QuoteQuery) {
  const { limit = 50 } = query;
  const rows: QuoteSummary[] = await work.orm
    .select(summary)
    .from(quotes)
    .where(await documentConditions(work, quotes, "Q", query))
    .orderBy(desc(quotes.created_at), desc(quotes.id))
    .limit(limit + 1);
  return page(rows, limit, (row) => [row.created_at, row.id]);
}

/** Changes a draft; 409 `not_draft` for any other. Items given without a price get the product's of now. */
export async function updateQuote(work: ShopWork, id: string, changes: QuoteChanges): Promise<Quote> {
  const before = await lockQuote(work, id);
  if (before.status !== "draft") {
    throw conflict("not_draft", `the quote is ${before.status}; only a draft can be changed`);
  }
  const { job_site_id, delivery_date, discount_percent, items: given, ...rest } = changes;
  const [parties, items] = await Promise.all([
    readParties(
      work,
      changes.customer_id ?? before.customer_id,
      job_site_id === undefined ? before.job_site_id : job_site_id,
    ),
    given === undefined ? itemsOf(work, before.id) : readItems(work, given),
  ]);
  const discount =
    discount_percent === undefined ? before.discount_percent : readPercent(discount_percent, "/discount_percent");
  const after = {
    ...before,
    ...rest,
    customer_id: parties.customer_id,
    job_site_id: parties.job_site_id,
    delivery_date: delivery_date === undefined ? before.delivery_date : readDay(delivery_date, "/delivery_date"),
    discount_percent: discount,
    total_value: documentTotal(items, discount),
    updated_at: work.now,
  };
  await work.orm.update(quotes).set(after).where(isQuote(work, id));
  if (given !== undefined) await replaceItems(work, before.id, items);
  return { ...after, customer_name: parties.customer_name, items };
}

/** The quote's row, locked until COMMIT: whatever follows sees its last state. */
export async function lockQuote(work: ShopWork, id: string) {
  const [quote] = await work.orm.select(columns).from(quotes).where(isQuote(work, id)).for("no key update");
  if (!quote) throw notFound("quote");
  return quote;
}

export function isQuote(work: ShopWork, id: string) {
  return and(eq(quotes.tenant_id, work.tenant.tenant_id), eq(quotes.id, id));
}

async function itemsOf(work: ShopWork, quote_id: string): Promise<Item[]> {
  return await work.orm
    .select({
      product_id: quote_items.product_id,
      product_name: products.name,
      unit: products.unit,
      quantity: quote_items.quantity,
      unit_price: quote_items.unit_price,
      discount_percent: quote_items.discount_percent,
      notes: quote_items.notes,
      total_value: quote_items.total_value,
    })
    .from(quote_items)
    .innerJoin(products, and(eq(products.tenant_id, quote_items.tenant_id), eq(products.id, quote_items.product_id)))
    .where(and(eq(quote_items.tenant_id, work.tenant.tenant_id), eq(quote_items.quote_id, quote_id)))
    .orderBy(quote_items.position);
}
