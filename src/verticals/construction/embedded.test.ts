import { beforeAll, expect, test } from "bun:test";
import { Shop } from "../../../test/construction/shop.ts";
import { openEmbeddedStand } from "../../../test/construction/stand.ts";

let shop: Shop;
let other: Shop;
beforeAll(async () => {
  const stand = await openEmbeddedStand();
  [shop, other] = [await Shop.open(stand), await Shop.open(stand, "casa-azul")];
}, 60_000);

test("embedded, a shop sells as it does on a server", async () => {
  const [product_id, customer_id] = [await shop.product({ name: "Vergalhão" }), await shop.customer({ name: "Ana" })];
  await shop.post("/stock/movements", { product_id, movement_type: "in", quantity: 5 });
  const items = [
    { product_id, quantity: "1.5" },
    { product_id, quantity: 1 },
  ];
  const quote = await shop.quote({ customer_id, items });
  await shop.post(`/quotes/${quote}/send`);
  await shop.post(`/quotes/${quote}/approve`);
  const answers = await Promise.all([1, 2, 3].map(() => shop.post(`/quotes/${quote}/convert`)));
  expect(answers.map(({ status }) => status).sort()).toEqual([200, 200, 201]);
  const order = answers[0]?.body.id;
  for (const status of ["preparing", "out_for_delivery", "delivered"])
    await shop.post(`/orders/${order}/status`, { status });
  expect((await shop.get(`/stock?product_id=${product_id}`)).body.items[0].quantity).toBe("2.500");
  expect((await shop.get("/products?q=VERGALHAO&limit=1")).body.items).toHaveLength(1);
  expect((await shop.get("/orders?q=ana&created_from=2020-01-01")).body.items).toHaveLength(1);
  expect((await shop.get("/dashboard")).body).toMatchObject({ orders_today: 1, revenue_this_week: "25.00" });
  await shop.post(`/customers/${customer_id}/anonymize`);
  const [created] = await shop.events("order_created");
  expect(created?.payload).toMatchObject({ customer_name: "—", total_value: "25.00" });
});

test("embedded, row-level security keeps shops apart too", async () => {
  const id = await other.product();
  expect((await shop.get(`/products/${id}`)).status).toBe(404);
  const seen = await shop.work((work) => work.tx.query("select distinct tenant_id from products"));
  expect(seen).toEqual([{ tenant_id: shop.tenant_id }]);
});
