import { beforeAll, expect, test } from "bun:test";
import { type Answer, Shop } from "../../../../test/construction/shop.ts";
import { openStand } from "../../../../test/construction/stand.ts";
import { createOrder } from "../orders/service.ts";

let shop: Shop;
let products: string[];
let customer_id: string;
beforeAll(async () => {
  shop = await Shop.open(await openStand());
  customer_id = await shop.customer();
  products = await Promise.all(["a", "b", "c", "d"].map((name) => shop.product({ name })));
}, 60_000);

const times = <T>(count: number, act: (i: number) => Promise<T>) =>
  Promise.all(Array.from({ length: count }, (_, i) => act(i)));
const items = (ids: string[], quantity: number | string = 1) => ids.map((product_id) => ({ product_id, quantity }));

async function approved(): Promise<string> {
  const id = await shop.quote({ customer_id, items: items(products) });
  await shop.post(`/quotes/${id}/send`);
  await shop.post(`/quotes/${id}/approve`);
  return id;
}

test("numbers have no gaps and no repeats, also where some of the work fails behind the number", async () => {
  const other = await Shop.open(shop.stand, "outra");
  const [product_id, customer] = await Promise.all([other.product(), other.customer()]);
  await times(40, async (i) => {
    if (i % 4 > 0) return await other.order({ customer_id: customer, items: items([product_id]) });
    // The number was taken when this fails.
    const doomed = other.work(async (work) => {
      await createOrder(work, { customer_id: customer, items: items([product_id]) });
      throw new Error("after the number");
    });
    return await doomed.catch((error) => expect(error.message).toBe("after the number"));
  });
  const { items: orders } = (await other.get("/orders?limit=200")).body;
  const numbers = orders.map((order: { number: string }) => order.number).sort();
  expect(numbers).toEqual(Array.from({ length: 30 }, (_, i) => `O-${String(i + 1).padStart(6, "0")}`));
});

test("numbers go on after 999999", async () => {
  const other = await Shop.open(shop.stand, "antiga");
  await shop.stand.admin.query("insert into document_numbers (tenant_id, kind, last) values ($1, 'quote', 999998)", [
    other.tenant_id,
  ]);
  const [product_id, customer] = await Promise.all([other.product(), other.customer()]);
  const made: string[] = [];
  for (let i = 0; i < 2; i++) {
    made.push((await other.post("/quotes", { customer_id: customer, items: items([product_id]) })).body.number);
  }
  expect(made).toEqual(["Q-999999", "Q-1000000"]);
});

test("a quote is converted once, however many ask at the same time", async () => {
  const id = await approved();
  const answers = await times(12, () => shop.post(`/quotes/${id}/convert`));
  expect(answers.map(({ status }) => status).sort()).toEqual([...Array(11).fill(200), 201]);
  const [{ body: first }] = answers as [Answer];
  for (const { body, headers } of answers) {
    expect(body).toEqual(first);
    expect(headers.get("location")).toBe(`/api/v1/orders/${first.id}`);
  }
  const converted = await shop.events("quote_converted");
  expect(converted.filter(({ payload }) => payload.quote_id === id)).toHaveLength(1);
});

test("a key does its work once, however many send it at the same time, and answers word for word", async () => {
  const body = { customer_id, items: items(products) };
  const headers = { "idempotency-key": "balcao-1" };
  const answers = await times(10, () => shop.post("/orders", body, { headers }));
  const [{ body: first }] = answers as [Answer];
  for (const answer of answers) expect([answer.status, answer.body]).toEqual([201, first]);
  expect((await shop.post("/orders", { ...body, notes: "other" }, { headers })).status).toBe(422);
  expect((await shop.post("/orders", body, { headers, as: "seller" })).status).toBe(422);
  const made = await shop.events("order_created");
  expect(made.filter(({ payload }) => payload.order_id === first.id)).toHaveLength(1);
});

test("a key whose work failed can be used for the work again", async () => {
  const headers = { "idempotency-key": "balcao-2" };
  const nobody = Bun.randomUUIDv7();
  expect((await shop.post("/orders", { customer_id: nobody, items: items(products) }, { headers })).status).toBe(404);
  expect((await shop.post("/orders", { customer_id, items: items(products) }, { headers })).status).toBe(201);
});

test("after a day a key is forgotten, and may be used for other work", async () => {
  const send = (key: string, notes: string) =>
    shop.post("/orders", { customer_id, notes, items: items(products) }, { headers: { "idempotency-key": key } });
  for (const key of ["old-1", "old-2", "old-3"]) await send(key, "first");
  const { admin } = shop.stand;
  await admin.query(
    `update idempotency_keys set created_at = created_at - interval '25 hours'
     where tenant_id = $1 and key like 'old-%'`,
    [shop.tenant_id],
  );
  expect((await send("old-3", "second")).status).toBe(201);
  const kept = await admin.query<{ key: string }>(
    "select key from idempotency_keys where tenant_id = $1 and key like 'old-%' order by key",
    [shop.tenant_id],
  );
  expect(kept.map(({ key }) => key)).toEqual(["old-3"]);
});

test("sales of the same products in any order do not lock each other out, and no piece is lost", async () => {
  const orders = await times(12, async (i) => {
    const id = await shop.order({ customer_id, items: items(i % 2 === 0 ? products : products.toReversed(), "1.5") });
    await shop.post(`/orders/${id}/status`, { status: "preparing" });
    await shop.post(`/orders/${id}/status`, { status: "out_for_delivery" });
    return id;
  });
  const answers = await times(12, (i) => shop.post(`/orders/${orders[i]}/status`, { status: "delivered" }));
  expect(answers.map(({ status }) => status)).toEqual(Array(12).fill(200));
  const levels = (await shop.get("/stock")).body.items.map((level: { quantity: string }) => level.quantity);
  expect(levels).toEqual(Array(4).fill("-18.000"));
  // Each change starts where the one before it ended.
  const moves = (await shop.get(`/stock/movements?limit=200&product_id=${products[0]}`)).body.items;
  const ends = moves
    .map((move: { new_quantity: string }) => Number(move.new_quantity))
    .sort((a: number, b: number) => b - a);
  expect(ends).toEqual(Array.from({ length: 12 }, (_, i) => -1.5 * (i + 1)));
});

test("what is there can be taken out once only", async () => {
  const product_id = await shop.product({ name: "last one" });
  await shop.post("/stock/movements", { product_id, movement_type: "in", quantity: 1 });
  const answers = await times(6, () =>
    shop.post("/stock/movements", { product_id, movement_type: "out", quantity: 1, reason: "breakage" }),
  );
  expect(answers.map(({ status }) => status).sort()).toEqual([201, 409, 409, 409, 409, 409]);
});
