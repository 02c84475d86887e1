import { and, desc, eq, getTableColumns } from "drizzle-orm";
import { page } from "../../../platform/http/page.ts";
import { notFound } from "../../../platform/http/problem.ts";
import { readMoney, readQuantity } from "../amounts.ts";
import { beforeInstant } from "../keyset.ts";
import { getProduct } from "../products/service.ts";
import { matching } from "../search/words.ts";
import type { ShopWork } from "../work.ts";
import { getSupplier } from "./service.ts";
import type { NewSupplierPrice, SupplierPriceQuery } from "./shapes.ts";
import { supplier_prices } from "./table.ts";

const { tenant_id: _tenant, ...columns } = getTableColumns(supplier_prices);

export type SupplierPrice = Omit<typeof supplier_prices.$inferSelect, "tenant_id">;

/** Notes what a supplier asks for a product from now on; 404 when the shop has no such supplier or product. */
export async function registerSupplierPrice(
  work: ShopWork,
  supplier_id: string,
  input: NewSupplierPrice,
): Promise<SupplierPrice> {
  const [supplier, product] = await Promise.all([getSupplier(work, supplier_id), getProduct(work, input.product_id)]);
  const { min_quantity, payment_days = null } = input;
  const price: SupplierPrice = {
    id: Bun.randomUUIDv7(),
    supplier_id: supplier.id,
    product_id: product.id,
    price: readMoney(input.price, "/price"),
    min_quantity:
      min_quantity === undefined || min_quantity === null ? null : readQuantity(min_quantity, "/min_quantity"),
    payment_days,
    user_id: work.actor?.id ?? null,
    created_at: work.now,
  };
  await work.orm.insert(supplier_prices).values({ tenant_id: work.tenant.tenant_id, ...price });
  work.record("supplier_price_registered", {
    supplier_id: supplier.id,
    supplier_name: supplier.name,
    product_id: product.id,
    price: price.price,
    min_quantity: price.min_quantity,
    payment_days,
  });
  return price;
}

export async function getSupplierPrice(work: ShopWork, supplier_id: string, id: string): Promise<SupplierPrice> {
  const [price] = await work.orm
    .select(columns)
    .from(supplier_prices)
    .where(and(ofSupplier(work, supplier_id), eq(supplier_prices.id, id)));
  if (!price) throw notFound("supplier price");
  return price;
}

/** What the supplier asked for what, the newest first. */
export async function listSupplierPrices(work: ShopWork, supplier_id: string, query: SupplierPriceQuery) {
  const { limit = 50, cursor, q } = query;
  const supplier = await getSupplier(work, supplier_id);
  const rows = await work.orm
    .select(columns)
    .from(supplier_prices)
    .where(
      and(
        ofSupplier(work, supplier.id),
        beforeInstant(supplier_prices.created_at, supplier_prices.id, cursor),
        await matching(work, "product", supplier_prices.product_id, q),
      ),
    )
    .orderBy(desc(supplier_prices.created_at), desc(supplier_prices.id))
    .limit(limit + 1);
  return page(rows, limit, (row) => [row.created_at, row.id]);
}

function ofSupplier(work: ShopWork, supplier_id: string) {
  return and(eq(supplier_prices.tenant_id, work.tenant.tenant_id), eq(supplier_prices.supplier_id, supplier_id));
}
