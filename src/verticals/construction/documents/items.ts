import { type Static, t } from "elysia";
import { UNITS } from "../../../contracts/construction.ts";
import type { Money } from "../../../platform/decimal/money.ts";
import type { Percent } from "../../../platform/decimal/percent.ts";
import type { Quantity } from "../../../platform/decimal/quantity.ts";
import { notFound, unprocessable } from "../../../platform/http/problem.ts";
import { Id, nullable, oneOf, shape, text } from "../../../platform/http/shape.ts";
import {
  MoneyGiven,
  MoneyShown,
  PercentGiven,
  PercentShown,
  QuantityGiven,
  QuantityShown,
  readMoney,
  readPercent,
  readQuantity,
} from "../amounts.ts";
import type { ShopWork } from "../work.ts";
import { lineTotal } from "./totals.ts";

export const exampleItem = {
  product_id: "019c5f3e-8f4b-7c1a-9d3e-2b6f1a0c4d5e",
  product_name: "Cimento CP II 50 kg",
  unit: "SC",
  quantity: "10.000",
  unit_price: "38.90",
  discount_percent: "0.00",
  notes: null,
  total_value: "389.00",
};

const ItemGiven = shape({
  product_id: Id,
  quantity: QuantityGiven,
  unit_price: t.Optional(MoneyGiven),
  discount_percent: t.Optional(PercentGiven),
  notes: t.Optional(nullable(text(1000, "no segundo andar"))),
});
export const ItemsGiven = t.Array(ItemGiven, {
  minItems: 1,
  maxItems: 500,
  description: "`unit_price` is the product's price of the moment unless given, and frozen then",
});

export const ItemsShown = t.Array(
  shape({
    product_id: Id,
    product_name: t.String(),
    unit: oneOf(UNITS),
    quantity: QuantityShown,
    unit_price: MoneyShown,
    discount_percent: PercentShown,
    notes: nullable(t.String()),
    total_value: MoneyShown,
  }),
);

export type ItemsGiven = Static<typeof ItemsGiven>;

/** A line of a quote or an order. */
export type Item = {
  product_id: string;
  product_name: string;
  unit: (typeof UNITS)[number];
  quantity: Quantity;
  unit_price: Money;
  discount_percent: Percent;
  notes: string | null;
  total_value: Money;
};

type Product = { id: string; name: string; unit: Item["unit"]; base_price: Money; active: boolean };

const PRODUCTS = `
  select id, name, unit, base_price, active from products where tenant_id = $1 and id = any($2::text::uuid[])`;

/**
 * The given items with their products' names and prices and their totals, in the given order. 404 for a product the
 * shop does not have, 422 for an inactive one and for amounts that are none.
 */
export async function readItems(work: ShopWork, given: ItemsGiven): Promise<Item[]> {
  const ids = [...new Set(given.map((item) => item.product_id.toLowerCase()))];
  const rows = await work.tx.query<Product>(PRODUCTS, [work.tenant.tenant_id, `{${ids.join(",")}}`]);
  const products = new Map(rows.map((row) => [row.id, row]));
  return given.map((item, i) => {
    const product = products.get(item.product_id.toLowerCase());
    if (!product) throw notFound(`product of /items/${i}`);
    if (!product.active) throw unprocessable([{ path: `/items/${i}/product_id`, message: "the product is inactive" }]);
    const quantity = readQuantity(item.quantity, `/items/${i}/quantity`);
    const unit_price =
      item.unit_price === undefined ? product.base_price : readMoney(item.unit_price, `/items/${i}/unit_price`);
    const discount_percent = readPercent(item.discount_percent ?? 0, `/items/${i}/discount_percent`);
    return {
      product_id: product.id,
      product_name: product.name,
      unit: product.unit,
      quantity,
      unit_price,
      discount_percent,
      notes: item.notes ?? null,
      total_value: lineTotal(quantity, unit_price, discount_percent),
    };
  });
}

/** Items as events carry them. */
export function itemsOfEvent(items: readonly Item[]) {
  return items.map(({ product_id, quantity, unit_price, total_value }) => ({
    product_id,
    quantity,
    unit_price,
    total_value,
  }));
}
