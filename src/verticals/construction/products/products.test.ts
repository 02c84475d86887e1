import { beforeAll, describe, expect, test } from "bun:test";
import { Shop } from "../../../../test/construction/shop.ts";
import { openStand } from "../../../../test/construction/stand.ts";

let shop: Shop;
beforeAll(async () => {
  shop = await Shop.open(await openStand());
}, 60_000);

const cement = { name: "Cimento", unit: "SC", base_price: "38.90" };

test("a product is made, found at its Location, changed in part and deleted", async () => {
  const made = await shop.post("/products", { ...cement, code: "CIM-1", category: "Cimento" });
  expect(made.status).toBe(201);
  expect(made.headers.get("location")).toBe(`/api/v1/products/${made.body.id}`);
  expect(made.body).toMatchObject({ ...cement, code: "CIM-1", category: "Cimento", active: true, description: null });
  expect((await shop.get(`/products/${made.body.id}`)).body).toEqual(made.body);
  const changed = await shop.patch(`/products/${made.body.id}`, { category: null, unit: "KG" });
  expect(changed.body).toEqual({ ...made.body, category: null, unit: "KG", updated_at: changed.body.updated_at });
  expect((await shop.delete(`/products/${made.body.id}`)).status).toBe(204);
  expect((await shop.get(`/products/${made.body.id}`)).status).toBe(404);
});

test("a changed price is kept, the newest first", async () => {
  const id = await shop.product({ base_price: 10 });
  for (const base_price of ["12.50", 12.5, "9"]) await shop.patch(`/products/${id}`, { base_price });
  const { items } = (await shop.get(`/products/${id}/prices`)).body;
  expect(items.map((price: { old_price: string; new_price: string }) => [price.old_price, price.new_price])).toEqual([
    ["12.50", "9.00"],
    ["10.00", "12.50"],
    [null, "10.00"],
  ]);
});

test("a code belongs to one product of the shop", async () => {
  await shop.product({ code: "ONE" });
  const other = await shop.product({ code: "TWO" });
  const again = await shop.post("/products", { ...cement, code: "ONE" });
  expect([again.status, again.body.type]).toEqual([409, "urn:basecommerce:problem:code_taken"]);
  expect((await shop.patch(`/products/${other}`, { code: "ONE" })).status).toBe(409);
  expect((await shop.patch(`/products/${other}`, { code: null })).body.code).toBeNull();
});

describe("a body that is refused with 422, by the place of each fault", () => {
  test.each<[unknown, string]>([
    [{ ...cement, colour: "grey" }, "/colour"],
    [{ ...cement, id: Bun.randomUUIDv7() }, "/id"],
    [{ ...cement, created_at: "2026-03-02T14:05:09.123456Z" }, "/created_at"],
    [{ name: "Cimento", unit: "SC" }, "/base_price"],
    [{ ...cement, base_price: 38.999 }, "/base_price"],
    [{ ...cement, base_price: "-0.01" }, "/base_price"],
    [{ ...cement, base_price: "ten" }, "/base_price"],
    [{ ...cement, base_price: null }, "/base_price"],
    [{ ...cement, unit: "DZ" }, "/unit"],
    [{ ...cement, name: "  " }, "/name"],
    [{ ...cement, name: "x".repeat(201) }, "/name"],
    [{ ...cement, active: "yes" }, "/active"],
  ])("%j", async (body, path) => {
    const answer = await shop.post("/products", body);
    expect(answer.status).toBe(422);
    expect(answer.headers.get("content-type")).toStartWith("application/problem+json");
    expect(answer.body.errors.map((error: { path: string }) => error.path)).toContain(path);
  });
});

test("a product that something refers to is not deleted", async () => {
  const [product_id, customer_id] = await Promise.all([shop.product(), shop.customer()]);
  await shop.quote({ customer_id, items: [{ product_id, quantity: 1 }] });
  const answer = await shop.delete(`/products/${product_id}`);
  expect([answer.status, answer.body.type]).toEqual([409, "urn:basecommerce:problem:in_use"]);
  expect((await shop.get(`/products/${product_id}`)).status).toBe(200);
});
