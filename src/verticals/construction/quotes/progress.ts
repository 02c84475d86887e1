import { sql } from "drizzle-orm";
import { conflict, forbidden } from "../../../platform/http/problem.ts";
import { requireTransition } from "../documents/transitions.ts";
import type { ShopWork } from "../work.ts";
import { getQuote, isQuote, lockQuote, type Quote } from "./service.ts";
import { type QuoteStatus, quoteTransitions } from "./status.ts";
import { quotes } from "./table.ts";

/** Sends a draft to the customer; from now on it is valid for `valid_days`. 409 for any other. */
export async function sendQuote(work: ShopWork, id: string): Promise<Quote> {
  await requireStep(work, id, "sent");
  const expires_at = sql`${work.now}::timestamptz + make_interval(days => ${quotes.valid_days})`;
  return await step(work, id, "quote_sent", { status: "sent", sent_at: work.now, expires_at });
}

/** Notes the customer's consent. 403 unless the user may decide; 409 when it was not sent or has expired. */
export async function approveQuote(work: ShopWork, id: string): Promise<Quote> {
  requireDecider(work);
  const { expires_at } = await requireStep(work, id, "approved");
  if (expires_at !== null && expires_at < work.now) {
    throw conflict("quote_expired", `the quote was valid until ${expires_at}; make a new one`);
  }
  return await step(work, id, "quote_approved", { status: "approved", approved_at: work.now });
}

/** Ends a quote that was not converted. 403 unless the user may decide. */
export async function cancelQuote(work: ShopWork, id: string): Promise<Quote> {
  requireDecider(work);
  await requireStep(work, id, "cancelled");
  return await step(work, id, "quote_cancelled", { status: "cancelled", cancelled_at: work.now });
}

/** Admins decide, and sellers where the shop's feature `sellers_approve` is on. */
export function requireDecider(work: ShopWork): void {
  if (work.actor?.role !== "seller" || work.tenant.features.sellers_approve === true) return;
  throw forbidden("in this shop only an admin may approve, convert or cancel quotes");
}

async function requireStep(work: ShopWork, id: string, status: QuoteStatus) {
  const quote = await lockQuote(work, id);
  requireTransition("quote", quoteTransitions, quote.status, status);
  return quote;
}

type Changes = Parameters<ReturnType<ShopWork["orm"]["update"]>["set"]>[0];

async function step(
  work: ShopWork,
  id: string,
  event_type: "quote_sent" | "quote_approved" | "quote_cancelled",
  changes: Changes,
): Promise<Quote> {
  await work.orm
    .update(quotes)
    .set({ ...changes, updated_at: work.now })
    .where(isQuote(work, id));
  const quote = await getQuote(work, id);
  const { customer_id, total_value } = quote;
  work.record(event_type, { quote_id: quote.id, customer_id, total_value, user_id: work.actor?.id ?? null });
  return quote;
}
