import { moneyText, quantityText } from "../amount-text.ts";
import type { BasketLine } from "../basket.ts";
import type { LoadedShop } from "./loaded-shop.ts";

/** A line as documents and events have it. */
export interface PricedLine {
  product_id: string;
  quantity: string;
  unit_price: string;
  total_value: string;
}

/**
 * The basket at the shop's prices of now, and its total in cents. Rounding is half away from zero, as the vertical's; whole
 * numbers far below 2^53, so that it is exact.
 */
export function priceLines(shop: LoadedShop, basket: readonly BasketLine[]): { lines: PricedLine[]; cents: number } {
  let cents = 0;
  const lines = basket.map(({ material, milli }) => {
    const price = shop.prices[material] ?? 0;
    const total = Math.floor((milli * price + 500) / 1000);
    cents += total;
    return {
      product_id: shop.products[material] ?? "",
      quantity: quantityText(milli),
      unit_price: moneyText(price),
      total_value: moneyText(total),
    };
  });
  return { lines, cents };
}

/** What remains of an amount after a discount in hundredths of a per cent. */
export function discounted(cents: number, discount: number): number {
  return Math.floor((cents * (10_000 - discount) + 5000) / 10_000);
}
