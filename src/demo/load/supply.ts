import { instantText, moneyText } from "../amount-text.ts";
import type { Batch } from "./batch.ts";
import { uuidAt } from "./ids.ts";
import type { LoadedShop, LoadedSupplier } from "./loaded-shop.ts";

/** Of the shop's and of the suppliers' prices that change in a month. */
const CHANGED = 0.1;

/** The month's new prices. */
export function changePrices(batch: Batch, shop: LoadedShop, at: number): void {
  const { chance } = shop;
  for (const [material, cents] of shop.prices.entries()) {
    if (chance.happens(CHANGED)) setPrice(batch, shop, material, changed(shop, cents), at);
  }
  for (const supplier of shop.suppliers) {
    for (const [material, cents] of supplier.prices) {
      if (chance.happens(CHANGED)) askPrice(batch, shop, supplier, material, changed(shop, cents), at);
    }
  }
}

/** Notes what a supplier asks for a material from `at` on. */
export function askPrice(
  batch: Batch,
  shop: LoadedShop,
  supplier: LoadedSupplier,
  material: number,
  cents: number,
  at: number,
): void {
  const { chance, tenant_id, admin } = shop;
  const { id: supplier_id, profile } = supplier;
  const { name: supplier_name, payment_days } = profile;
  const product_id = shop.products[material] ?? "";
  const price = moneyText(cents);
  const id = uuidAt(chance, at);
  supplier.prices.set(material, cents);
  const row = { tenant_id, id, supplier_id, product_id, price, payment_days, user_id: admin };
  batch.add("supplier_prices", { ...row, created_at: instantText(at) });
  const payload = { supplier_id, supplier_name, product_id, price, min_quantity: null, payment_days };
  batch.event(shop, uuidAt(chance, at), "supplier_price_registered", payload, at);
}

function setPrice(batch: Batch, shop: LoadedShop, material: number, cents: number, at: number): void {
  const { chance, tenant_id, admin: user_id } = shop;
  const product_id = shop.products[material] ?? "";
  const old_price = moneyText(shop.prices[material] ?? 0);
  const new_price = moneyText(cents);
  if (old_price === new_price) return;
  shop.prices[material] = cents;
  const id = uuidAt(chance, at);
  batch.price(shop, product_id, new_price, at);
  batch.add("product_prices", {
    tenant_id,
    id,
    product_id,
    old_price,
    new_price,
    user_id,
    created_at: instantText(at),
  });
  const payload = { product_id, old_price, new_price, user_id };
  batch.event(shop, uuidAt(chance, at), "product_price_updated", payload, at);
}

/** Mostly small rises, now and then a jump. */
function changed({ chance }: LoadedShop, cents: number): number {
  const percent = chance.happens(0.1) ? chance.int(110, 118) : chance.int(97, 106);
  return Math.max(1, Math.round((cents * percent) / 100));
}
