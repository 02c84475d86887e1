import { and, asc, desc, eq, getTableColumns, type SQL, sql } from "drizzle-orm";
import { isForeignKeyViolation } from "../../../platform/database/errors.ts";
import { Exact } from "../../../platform/decimal/decimal.ts";
import type { Quantity } from "../../../platform/decimal/quantity.ts";
import { quantityOf } from "../../../platform/decimal/quantity.ts";
import { page } from "../../../platform/http/page.ts";
import { conflict, notFound, unprocessable } from "../../../platform/http/problem.ts";
import { readQuantity } from "../amounts.ts";
import { afterName, beforeInstant } from "../keyset.ts";
import { products } from "../products/table.ts";
import { matching, matchingInOrder, named, wordsOf } from "../search/words.ts";
import type { ShopWork } from "../work.ts";
import type { LevelQuery, MovementQuery, NewMovement } from "./shapes.ts";
import { stock_levels, stock_movements } from "./table.ts";

const { tenant_id: _tenant, ...columns } = getTableColumns(stock_movements);

export type Movement = Omit<typeof stock_movements.$inferSelect, "tenant_id">;

/** Looked up for each product that is shown: a join is planned for a shop of middling size, not for a large one. */
function level(column: "quantity" | "updated_at") {
  return sql.raw(
    `(select l.${column} from stock_levels l where l.tenant_id = products.tenant_id and l.product_id = products.id)`,
  );
}

/** Every product's level, by the products' names. */
export async function listLevels(work: ShopWork, query: LevelQuery) {
  const { limit = 50, cursor, q, product_id } = query;
  const rows = await work.orm
    .select({
      product_id: products.id,
      code: products.code,
      name: products.name,
      unit: products.unit,
      quantity: sql<Quantity>`coalesce(${level("quantity")}, 0.000)`,
      updated_at: sql<string | null>`${level("updated_at")}`.mapWith(stock_levels.updated_at),
    })
    .from(products)
    .where(
      and(
        eq(products.tenant_id, work.tenant.tenant_id),
        product_id === undefined ? undefined : eq(products.id, product_id),
        afterName(products.name, products.id, cursor),
        await matching(work, "product", products.id, q),
      ),
    )
    .orderBy(asc(products.name), asc(products.id))
    .limit(limit + 1);
  return page(rows, limit, (row) => [row.name, row.product_id]);
}

/**
 * Changes a level: `in` adds, `out` takes (409 `not_enough_stock` when there is less), `adjustment` sets. Emits
 * `stock_updated` unless the level stays what it was.
 */
export async function moveStock(work: ShopWork, input: NewMovement): Promise<Movement> {
  const { movement_type, reason = null } = input;
  const given = readQuantity(input.quantity, "/quantity", movement_type === "adjustment");
  const level = await lockLevel(work, input.product_id);
  const next = levelAfter(movement_type, level.quantity, given);
  const movement: Movement = {
    id: Bun.randomUUIDv7(),
    product_id: level.product_id,
    movement_type,
    quantity: given,
    old_quantity: level.quantity,
    new_quantity: next,
    reason,
    order_id: null,
    user_id: work.actor?.id ?? null,
    created_at: work.now,
  };
  const { tenant_id } = work.tenant;
  await Promise.all([
    work.orm
      .update(stock_levels)
      .set({ quantity: next, updated_at: work.now })
      .where(and(eq(stock_levels.tenant_id, tenant_id), eq(stock_levels.product_id, level.product_id))),
    work.orm.insert(stock_movements).values({ tenant_id, ...movement }),
  ]);
  if (next !== level.quantity) {
    const { product_id, old_quantity, new_quantity, order_id, user_id } = movement;
    work.record("stock_updated", { product_id, movement_type, old_quantity, new_quantity, reason, order_id, user_id });
  }
  return movement;
}

export async function getMovement(work: ShopWork, id: string): Promise<Movement> {
  const [movement] = await work.orm
    .select(columns)
    .from(stock_movements)
    .where(and(eq(stock_movements.tenant_id, work.tenant.tenant_id), eq(stock_movements.id, id)));
  if (!movement) throw notFound("stock movement");
  return movement;
}

/** Products of a name of which each one's newest movements are looked up; a name of more is a common one. */
const FEW = 200;

/** What moved, the newest first; `q`: what the products are called. */
export async function listMovements(work: ShopWork, query: MovementQuery) {
  const { limit = 50, cursor, product_id, q } = query;
  const newest = async (...conditions: (SQL | undefined)[]): Promise<Movement[]> =>
    await work.orm
      .select(columns)
      .from(stock_movements)
      .where(
        and(
          eq(stock_movements.tenant_id, work.tenant.tenant_id),
          product_id === undefined ? undefined : eq(stock_movements.product_id, product_id),
          beforeInstant(stock_movements.created_at, stock_movements.id, cursor),
          ...conditions,
        ),
      )
      .orderBy(desc(stock_movements.created_at), desc(stock_movements.id))
      .limit(limit + 1);
  const words = await wordsOf(work, q);
  const rows = words ? await ofProductsNamed(work, words, limit, newest) : await newest();
  return page(rows, limit, (row) => [row.created_at, row.id]);
}

/** A page of movements of products with these words: without reading through those of all others. */
async function ofProductsNamed(
  work: ShopWork,
  words: readonly string[],
  limit: number,
  newest: (condition: SQL) => Promise<Movement[]>,
): Promise<Movement[]> {
  const found = await named(work, "product", words).limit(FEW + 1);
  if (found.length > FEW) return await newest(matchingInOrder(work, stock_movements.product_id, words));
  const ids = new Set(found.map(({ id }) => id));
  const each = await Promise.all([...ids].map((id) => newest(eq(stock_movements.product_id, id))));
  const place = ({ created_at, id }: Movement) => `${created_at} ${id}`;
  return each
    .flat()
    .sort((a, b) => (place(a) < place(b) ? 1 : -1))
    .slice(0, limit + 1);
}

/** The level's row, locked until COMMIT; made when the product never moved before. */
async function lockLevel(work: ShopWork, product_id: string) {
  const { tenant_id } = work.tenant;
  const [, [level]] = await Promise.all([
    work.tx.query(
      `insert into stock_levels (tenant_id, product_id, quantity, updated_at) values ($1, $2, 0, $3)
       on conflict (tenant_id, product_id) do nothing`,
      [tenant_id, product_id, work.now],
    ),
    work.tx.query<{ product_id: string; quantity: Quantity }>(
      "select product_id, quantity from stock_levels where tenant_id = $1 and product_id = $2 for update",
      [tenant_id, product_id],
    ),
  ]).catch((error) => {
    if (isForeignKeyViolation(error)) throw notFound("product");
    throw error;
  });
  if (!level) throw notFound("product");
  return level;
}

function levelAfter(movement_type: NewMovement["movement_type"], level: Quantity, given: Quantity): Quantity {
  if (movement_type === "adjustment") return given;
  const next = movement_type === "in" ? new Exact(level).plus(given) : new Exact(level).minus(given);
  if (movement_type === "out" && next.isNegative()) {
    throw conflict("not_enough_stock", `there are only ${level} in stock`);
  }
  const quantity = quantityOf(next.toFixed(3));
  if (quantity === undefined) throw unprocessable([{ path: "/quantity", message: "the level would be too large" }]);
  return quantity;
}
