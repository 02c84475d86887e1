import { beforeAll, expect, test } from "bun:test";
import { Shop } from "../../../../test/construction/shop.ts";
import { openStand } from "../../../../test/construction/stand.ts";

let shop: Shop;
beforeAll(async () => {
  shop = await Shop.open(await openStand());
}, 60_000);

test("a supplier is a company or a person, and every change of it is told", async () => {
  const made = await shop.post("/suppliers", { name: "Vale", document: "11.222.333/0001-81" });
  expect(made.body).toMatchObject({ name: "Vale", document: "11222333000181", active: true });
  expect((await shop.post("/suppliers", { name: "Zé", document: "529.982.247-25" })).status).toBe(201);
  expect((await shop.post("/suppliers", { name: "x", document: "11222333000182" })).status).toBe(422);
  expect((await shop.post("/suppliers", { name: "x", document: "11222333000181" })).status).toBe(409);
  await shop.patch(`/suppliers/${made.body.id}`, { active: false });
  await shop.delete(`/suppliers/${made.body.id}`);
  const told = (await shop.events("supplier_updated")).filter(({ key }) => key === made.body.id);
  expect(told.map(({ payload }) => payload.active)).toEqual([true, false, false]);
});

test("prices are noted, found at their Location and listed, the newest first", async () => {
  const [product_id, supplier] = await Promise.all([shop.product(), shop.post("/suppliers", { name: "Rio" })]);
  const path = `/suppliers/${supplier.body.id}/prices`;
  const first = await shop.post(path, { product_id, price: 10, min_quantity: "100", payment_days: 28 });
  expect(first.body).toMatchObject({ price: "10.00", min_quantity: "100.000", payment_days: 28 });
  expect((await shop.get(first.headers.get("location")?.slice("/api/v1".length) ?? "")).body).toEqual(first.body);
  await shop.post(path, { product_id, price: "0" });
  const { items } = (await shop.get(path)).body;
  expect(items.map(({ price }: { price: string }) => price)).toEqual(["0.00", "10.00"]);
  expect((await shop.delete(`/suppliers/${supplier.body.id}`)).status).toBe(409);
  expect((await shop.post(path, { product_id, price: 10, min_quantity: 0 })).status).toBe(422);
  expect((await shop.post(path, { product_id, price: 10, payment_days: -1 })).status).toBe(422);
});
