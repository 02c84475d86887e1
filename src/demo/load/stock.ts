import { instantText, quantityText } from "../amount-text.ts";
import type { BasketLine } from "../basket.ts";
import type { Batch } from "./batch.ts";
import { uuidAt } from "./ids.ts";
import type { LoadedShop } from "./loaded-shop.ts";

/** Days of demand under which a shop buys, and up to which. */
const BUY_UNDER_DAYS = 5;
const BUY_UP_TO_DAYS = 30;

/** Buys of everything that is running out. */
export function restock(batch: Batch, shop: LoadedShop, at: number, reason = "Compra recebida"): void {
  for (const [material, a_day] of shop.demand.entries()) {
    const level = shop.levels[material] ?? 0;
    if (level > a_day * BUY_UNDER_DAYS) continue;
    const wanted = Math.max(1, Math.ceil((a_day * BUY_UP_TO_DAYS - level) / 1000)) * 1000;
    move(batch, shop, { material, milli: wanted }, "in", { reason, order_id: null, at });
  }
}

/** Takes what was delivered out of stock; a level may become negative. */
export function takeDelivered(
  batch: Batch,
  shop: LoadedShop,
  order_id: string,
  lines: readonly BasketLine[],
  at: number,
): void {
  for (const line of lines) move(batch, shop, line, "sale", { reason: null, order_id, at });
}

function move(
  batch: Batch,
  shop: LoadedShop,
  { material, milli }: BasketLine,
  movement_type: "in" | "sale",
  { reason, order_id, at }: { reason: string | null; order_id: string | null; at: number },
): void {
  const { chance, tenant_id, seller: user_id } = shop;
  const product_id = shop.products[material] ?? "";
  const before = shop.levels[material] ?? 0;
  const after = movement_type === "in" ? before + milli : before - milli;
  const old_quantity = quantityText(before);
  const new_quantity = quantityText(after);
  shop.levels[material] = after;
  batch.level(shop, product_id, after, at);
  batch.add("stock_movements", {
    tenant_id,
    id: uuidAt(chance, at),
    product_id,
    movement_type,
    quantity: quantityText(milli),
    old_quantity,
    new_quantity,
    reason,
    order_id,
    user_id,
    created_at: instantText(at),
  });
  const payload = { product_id, movement_type, old_quantity, new_quantity, reason, order_id, user_id };
  batch.event(shop, uuidAt(chance, at), "stock_updated", payload, at);
}
