import type { JobContext } from "@basecommerce/engine";
import { KEPT_FOR } from "./outbox.ts";

/** Deliveries a transaction takes at most: it stays short, and what was done stays done when a run is cut off. */
export const PIECE = 1000;

const SHOPS = "select distinct tenant_id from endpoints order by tenant_id";

// By the index of a shop's deliveries in their order, leaving to the next run what is being written just now.
const FORGET = `
  with old as (
    select id from deliveries
    where tenant_id = $1 and status <> 'pending' and created_at < now() - ${KEPT_FOR}
    order by created_at limit $2 for update skip locked
  )
  delete from deliveries d using old where d.tenant_id = $1 and d.id = old.id returning 1`;

/** Takes away the deliveries that were kept long enough, shop by shop, piece by piece. */
export async function forget(ctx: JobContext<unknown>): Promise<void> {
  const shops = await ctx.everywhere((db) => db.query<{ tenant_id: string }>(SHOPS));
  for (const { tenant_id } of shops) {
    let taken = PIECE;
    while (taken === PIECE && !ctx.signal.aborted) {
      taken = (await ctx.everywhere((db) => db.query(FORGET, [tenant_id, PIECE]))).length;
    }
  }
}
