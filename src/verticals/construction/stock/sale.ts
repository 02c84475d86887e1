import { Exact } from "../../../platform/decimal/decimal.ts";
import type { Quantity } from "../../../platform/decimal/quantity.ts";
import type { ShopWork } from "../work.ts";

// Levels are taken in the order of product_id, as by everybody who takes several: two sales of the same products wait for
// each other instead of locking each other out.
const SELL = `
  with sold as (
    select * from json_to_recordset($2::text::json) as s (id uuid, product_id uuid, quantity numeric)
  ), level as (
    insert into stock_levels as l (tenant_id, product_id, quantity, updated_at)
    select $1, product_id, -quantity, $3 from sold order by product_id
    on conflict (tenant_id, product_id) do update
      set quantity = l.quantity + excluded.quantity, updated_at = excluded.updated_at
    returning l.product_id, l.quantity
  )
  insert into stock_movements (tenant_id, id, product_id, movement_type, quantity, old_quantity, new_quantity, order_id,
                               user_id, created_at)
  select $1, s.id, s.product_id, 'sale', s.quantity, l.quantity + s.quantity, l.quantity, $4, $5, $3
  from sold s join level l on l.product_id = s.product_id
  order by s.product_id
  returning product_id, old_quantity, new_quantity`;

type Moved = { product_id: string; old_quantity: Quantity; new_quantity: Quantity };

/** Takes a delivered order's items out of stock, one movement for each product; a level may become negative. */
export async function takeSold(
  work: ShopWork,
  order_id: string,
  items: readonly { product_id: string; quantity: Quantity }[],
): Promise<void> {
  const sums = new Map<string, Exact>();
  for (const { product_id, quantity } of items) {
    sums.set(product_id, new Exact(quantity).plus(sums.get(product_id) ?? 0));
  }
  const sold = [...sums].map(([product_id, quantity]) => ({
    id: Bun.randomUUIDv7(),
    product_id,
    quantity: quantity.toFixed(3),
  }));
  const user_id = work.actor?.id ?? null;
  const moved = await work.tx.query<Moved>(SELL, [
    work.tenant.tenant_id,
    JSON.stringify(sold),
    work.now,
    order_id,
    user_id,
  ]);
  for (const level of moved) {
    work.record("stock_updated", { ...level, movement_type: "sale", reason: null, order_id, user_id });
  }
}
