import { beforeAll, expect, test } from "bun:test";
import { Shop } from "../../../../test/construction/shop.ts";
import { openStand } from "../../../../test/construction/stand.ts";

let shop: Shop;
let customer_id: string;
beforeAll(async () => {
  shop = await Shop.open(await openStand());
  customer_id = await shop.customer();
}, 60_000);

test("an order answers when it is made as it does when it is asked for", async () => {
  const [sand, lime] = await Promise.all([
    shop.product({ name: "Areia", base_price: 99 }),
    shop.product({ name: "Cal" }),
  ]);
  const address = { street: "Rua A", city: "Itu", state: "SP" };
  const site = (await shop.post("/job-sites", { customer_id, name: "Casa", address })).body.id;
  const made = await shop.post("/orders", {
    customer_id,
    job_site_id: site,
    delivery_date: "2026-03-09",
    discount_percent: 10,
    notes: "ligar antes",
    items: [
      { product_id: lime, quantity: 2 },
      { product_id: sand, quantity: "0.5", discount_percent: 10, notes: "fina" },
    ],
  });
  expect(made.status).toBe(201);
  expect(made.headers.get("location")).toBe(`/api/v1/orders/${made.body.id}`);
  expect(made.body).toMatchObject({
    status: "pending",
    total_value: "58.10",
    delivery_address: { ...address, number: null, district: null, postal_code: null },
    user_id: shop.admin.id,
  });
  expect((await shop.get(`/orders/${made.body.id}`)).body).toEqual(made.body);
});

test("an order of a quote has the quote's items and total, whatever prices are by then", async () => {
  const product_id = await shop.product({ base_price: 10 });
  const id = await shop.quote({ customer_id, discount_percent: 5, notes: "n", items: [{ product_id, quantity: 3 }] });
  await shop.post(`/quotes/${id}/send`);
  await shop.post(`/quotes/${id}/approve`);
  await shop.patch(`/products/${product_id}`, { base_price: 99, active: false });
  const { body } = await shop.post(`/quotes/${id}/convert`);
  expect(body).toMatchObject({ quote_id: id, total_value: "28.50", notes: "n", status: "pending" });
  const quote = (await shop.get(`/quotes/${id}`)).body;
  expect([quote.status, quote.order_id, quote.items]).toEqual(["converted", body.id, body.items]);
});

test("only the delivery date of a pending order can be changed", async () => {
  const id = await shop.order({ customer_id, items: [{ product_id: await shop.product(), quantity: 1 }] });
  const changed = await shop.patch(`/orders/${id}`, { delivery_date: "2026-03-09" });
  expect(changed.body.delivery_date).toBe("2026-03-09");
  expect((await shop.patch(`/orders/${id}`, { notes: "x" })).status).toBe(422);
  await shop.post(`/orders/${id}/cancel`);
  const late = await shop.patch(`/orders/${id}`, { delivery_date: null });
  expect([late.status, late.body.type]).toEqual([409, "urn:basecommerce:problem:not_pending"]);
});

test("ordering again makes a draft at today's prices and says what was left out", async () => {
  const [kept, dropped] = await Promise.all([shop.product({ base_price: 10 }), shop.product({ name: "Telha" })]);
  const items = [
    { product_id: kept, quantity: 3, discount_percent: 50, notes: "a" },
    { product_id: dropped, quantity: 1 },
    { product_id: dropped, quantity: 2 },
  ];
  const id = await shop.order({ customer_id, discount_percent: 5, items });
  await shop.patch(`/products/${kept}`, { base_price: 12 });
  await shop.patch(`/products/${dropped}`, { active: false });
  const again = await shop.post(`/orders/${id}/reorder`);
  expect(again.status).toBe(201);
  expect(again.headers.get("location")).toBe(`/api/v1/quotes/${again.body.id}`);
  expect(again.body).toMatchObject({
    status: "draft",
    total_value: "36.00",
    left_out: [{ product_id: dropped, product_name: "Telha" }],
  });
  expect(again.body.items).toHaveLength(1);
  await shop.patch(`/products/${kept}`, { active: false });
  expect((await shop.post(`/orders/${id}/reorder`)).status).toBe(409);
});
