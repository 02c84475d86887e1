import { and, desc, eq, getTableColumns } from "drizzle-orm";
import { page } from "../../../platform/http/page.ts";
import { conflict, notFound } from "../../../platform/http/problem.ts";
import { readPercent } from "../amounts.ts";
import { readDay } from "../documents/dates.ts";
import { documentConditions } from "../documents/filters.ts";
import { type Item, readItems } from "../documents/items.ts";
import { customerName, readParties } from "../documents/parties.ts";
import { documentTotal } from "../documents/totals.ts";
import { products } from "../products/table.ts";
import type { ShopWork } from "../work.ts";
import type { NewOrder, OrderChanges, OrderQuery } from "./shapes.ts";
import { order_items, orders } from "./table.ts";
import { writeOrder } from "./write.ts";

const { tenant_id: _tenant, ...columns } = getTableColumns(orders);
const summary = { ...columns, customer_name: customerName("orders") };

export type OrderSummary = Omit<typeof orders.$inferSelect, "tenant_id"> & { customer_name: string };
export type Order = OrderSummary & { items: Item[] };

/** Makes an order without a quote; the same rules of items hold as for quotes. */
export async function createOrder(work: ShopWork, input: NewOrder): Promise<Order> {
  const discount_percent = readPercent(input.discount_percent ?? 0, "/discount_percent");
  const [parties, items] = await Promise.all([
    readParties(work, input.customer_id, input.job_site_id),
    readItems(work, input.items),
  ]);
  return await writeOrder(work, {
    quote_id: null,
    ...parties,
    discount_percent,
    delivery_date: readDay(input.delivery_date, "/delivery_date"),
    notes: input.notes ?? null,
    total_value: documentTotal(items, discount_percent),
    items,
  });
}

export async function getOrder(work: ShopWork, id: string): Promise<Order> {
  const { tenant_id } = work.tenant;
  const [[order], items] = await Promise.all([
    work.orm.select(summary).from(orders).where(isOrder(work, id)),
    work.orm
      .select({
        product_id: order_items.product_id,
        product_name: products.name,
        unit: products.unit,
        quantity: order_items.quantity,
        unit_price: order_items.unit_price,
        discount_percent: order_items.discount_percent,
        notes: order_items.notes,
        total_value: order_items.total_value,
      })
      .from(order_items)
      .innerJoin(products, and(eq(products.tenant_id, order_items.tenant_id), eq(products.id, order_items.product_id)))
      .where(and(eq(order_items.tenant_id, tenant_id), eq(order_items.order_id, id)))
      .orderBy(order_items.position),
  ]);
  if (!order) throw notFound("order");
  return { ...order, items };
}

/** The shop's orders without their items, the newest first. */
export async function listOrders(work: ShopWork, query: OrderQuery) {
  const { limit = 50 } = query;
  const rows: OrderSummary[] = await work.orm
    .select(summary)
    .from(orders)
    .where(await documentConditions(work, orders, "O", query))
    .orderBy(desc(orders.created_at), desc(orders.id))
    .limit(limit + 1);
  return page(rows, limit, (row) => [row.created_at, row.id]);
}

/** Moves the delivery to another day; 409 once the order is no longer pending. */
export async function updateOrder(work: ShopWork, id: string, changes: OrderChanges): Promise<Order> {
  const order = await lockOrder(work, id);
  if (order.status !== "pending") {
    throw conflict("not_pending", `the order is ${order.status}; only a pending one can be changed`);
  }
  if (changes.delivery_date !== undefined) {
    const delivery_date = readDay(changes.delivery_date, "/delivery_date");
    if (delivery_date !== order.delivery_date) {
      await work.orm.update(orders).set({ delivery_date, updated_at: work.now }).where(isOrder(work, id));
      work.record("order_rescheduled", { order_id: id, delivery_date, user_id: work.actor?.id ?? null });
    }
  }
  return await getOrder(work, id);
}

/** The order's row, locked until COMMIT: whatever follows sees its last state. */
export async function lockOrder(work: ShopWork, id: string) {
  const [order] = await work.orm.select(columns).from(orders).where(isOrder(work, id)).for("no key update");
  if (!order) throw notFound("order");
  return order;
}

export function isOrder(work: ShopWork, id: string) {
  return and(eq(orders.tenant_id, work.tenant.tenant_id), eq(orders.id, id));
}
