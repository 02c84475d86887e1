import { and, asc, desc, eq, getTableColumns } from "drizzle-orm";
import { isForeignKeyViolation, isUniqueViolation } from "../../../platform/database/errors.ts";
import { page } from "../../../platform/http/page.ts";
import { conflict, notFound } from "../../../platform/http/problem.ts";
import { readMoney } from "../amounts.ts";
import { afterName, beforeInstant } from "../keyset.ts";
import { matching } from "../search/words.ts";
import type { ShopWork } from "../work.ts";
import type { NewProduct, PriceQuery, ProductChanges, ProductQuery } from "./shapes.ts";
import { product_prices, products } from "./table.ts";

const { tenant_id: _tenant, ...columns } = getTableColumns(products);
const { tenant_id: _shop, ...price_columns } = getTableColumns(product_prices);

export type Product = Omit<typeof products.$inferSelect, "tenant_id">;
type Price = Product["base_price"];

/** Makes a product. 409 `code_taken` when another one of the shop has its code. */
export async function createProduct(work: ShopWork, input: NewProduct): Promise<Product> {
  const product: Product = {
    id: Bun.randomUUIDv7(),
    code: input.code ?? null,
    name: input.name,
    description: input.description ?? null,
    category: input.category ?? null,
    unit: input.unit,
    base_price: readMoney(input.base_price, "/base_price"),
    active: input.active ?? true,
    created_at: work.now,
    updated_at: work.now,
  };
  await work.orm
    .insert(products)
    .values({ tenant_id: work.tenant.tenant_id, ...product })
    .catch(codeTaken);
  await keepPrice(work, product.id, null, product.base_price);
  const { id, code, name, category, unit, base_price, active } = product;
  work.record("product_created", { product_id: id, code, name, category, unit, base_price });
  // A product is active when it is made, as far as its first event tells.
  if (!active) recordUpdate(work, product);
  return product;
}

export async function getProduct(work: ShopWork, id: string): Promise<Product> {
  const [product] = await work.orm.select(columns).from(products).where(isProduct(work, id));
  if (!product) throw notFound("product");
  return product;
}

/** The shop's products by name. */
export async function listProducts(work: ShopWork, query: ProductQuery) {
  const { limit = 50, cursor, q, active, category } = query;
  const rows = await work.orm
    .select(columns)
    .from(products)
    .where(
      and(
        eq(products.tenant_id, work.tenant.tenant_id),
        active === undefined ? undefined : eq(products.active, active),
        category === undefined ? undefined : eq(products.category, category),
        afterName(products.name, products.id, cursor),
        await matching(work, "product", products.id, q),
      ),
    )
    .orderBy(asc(products.name), asc(products.id))
    .limit(limit + 1);
  return page(rows, limit, (row) => [row.name, row.id]);
}

export async function updateProduct(work: ShopWork, id: string, changes: ProductChanges): Promise<Product> {
  const [before] = await work.orm.select(columns).from(products).where(isProduct(work, id)).for("no key update");
  if (!before) throw notFound("product");
  const { base_price, ...rest } = changes;
  const after: Product = {
    ...before,
    ...rest,
    base_price: base_price === undefined ? before.base_price : readMoney(base_price, "/base_price"),
    updated_at: work.now,
  };
  await work.orm.update(products).set(after).where(isProduct(work, id)).catch(codeTaken);
  if ((["name", "category", "code", "unit", "active"] as const).some((field) => before[field] !== after[field])) {
    recordUpdate(work, after);
  }
  if (before.base_price !== after.base_price) {
    await keepPrice(work, before.id, before.base_price, after.base_price);
    work.record("product_price_updated", {
      product_id: before.id,
      old_price: before.base_price,
      new_price: after.base_price,
      user_id: work.actor?.id ?? null,
    });
  }
  return after;
}

/** Deletes a product that nothing refers to; 409 `in_use` otherwise: make it inactive instead. */
export async function deleteProduct(work: ShopWork, id: string): Promise<void> {
  const [gone] = await work.orm
    .delete(products)
    .where(isProduct(work, id))
    .returning(columns)
    .catch((error) => {
      if (isForeignKeyViolation(error)) throw conflict("in_use", "documents, prices or stock refer to this product");
      throw error;
    });
  if (!gone) throw notFound("product");
  recordUpdate(work, { ...gone, active: false });
}

/** What the product cost when, the newest first. */
export async function listProductPrices(work: ShopWork, id: string, query: PriceQuery) {
  const { limit = 50, cursor, q } = query;
  const product = await getProduct(work, id);
  const rows = await work.orm
    .select(price_columns)
    .from(product_prices)
    .where(
      and(
        eq(product_prices.tenant_id, work.tenant.tenant_id),
        eq(product_prices.product_id, product.id),
        beforeInstant(product_prices.created_at, product_prices.id, cursor),
        await matching(work, "product", product_prices.product_id, q),
      ),
    )
    .orderBy(desc(product_prices.created_at), desc(product_prices.id))
    .limit(limit + 1);
  return page(rows, limit, (row) => [row.created_at, row.id]);
}

function isProduct(work: ShopWork, id: string) {
  return and(eq(products.tenant_id, work.tenant.tenant_id), eq(products.id, id));
}

async function keepPrice(work: ShopWork, product_id: string, old_price: Price | null, new_price: Price) {
  await work.orm.insert(product_prices).values({
    tenant_id: work.tenant.tenant_id,
    id: Bun.randomUUIDv7(),
    product_id,
    old_price,
    new_price,
    user_id: work.actor?.id ?? null,
    created_at: work.now,
  });
}

function recordUpdate(work: ShopWork, product: Product): void {
  const { id, code, name, category, unit, active } = product;
  const user_id = work.actor?.id ?? null;
  work.record("product_updated", { product_id: id, code, name, category, unit, active, user_id });
}

function codeTaken(error: unknown): never {
  if (isUniqueViolation(error, "products_code")) throw conflict("code_taken", "another product has this code");
  throw error;
}
