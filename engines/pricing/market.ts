import { daysAgo, History, id } from "../../test/engines/history.ts";

export const [sand = "", brick = ""] = [1, 2].map((number) => id("product", number));
export const SUPPLIERS = [1, 2, 3].map((number) => id("supplier", number));
export const [first = "", second = "", third = ""] = SUPPLIERS;

/** Writes down what suppliers ask. */
export class Market extends History {
  price(
    product_id: string,
    supplier_id: string,
    price: string,
    at = daysAgo(0),
    min_quantity: string | null = null,
  ): this {
    const supplier_name = `S${SUPPLIERS.indexOf(supplier_id) + 1}`;
    const payload = { supplier_id, supplier_name, product_id, price, min_quantity, payment_days: 30 };
    return this.add("supplier_price_registered", product_id, payload, at);
  }

  supplier(supplier_id: string, active: boolean, at = daysAgo(0)): this {
    const name = `S${SUPPLIERS.indexOf(supplier_id) + 1}`;
    return this.add("supplier_updated", supplier_id, { supplier_id, name, active, user_id: null }, at);
  }

  switched(product_id: string, active: boolean, at = daysAgo(0)): this {
    const facts = { code: null, name: "Areia", category: null, unit: "M3", active, user_id: null } as const;
    return this.add("product_updated", product_id, { product_id, ...facts }, at);
  }
}
