import { beforeAll, describe, expect, test } from "bun:test";
import { Shop } from "../../../../test/construction/shop.ts";
import { openStand } from "../../../../test/construction/stand.ts";

let shop: Shop;
let product_id: string;
let inactive: string;
let customer_id: string;
let site: string;
let foreign_site: string;
beforeAll(async () => {
  shop = await Shop.open(await openStand());
  [product_id, inactive, customer_id] = await Promise.all([
    shop.product({ name: "Areia", base_price: "99.90" }),
    shop.product({ active: false }),
    shop.customer(),
  ]);
  const neighbour = await shop.customer({ name: "Vizinho" });
  site = (await shop.post("/job-sites", { customer_id, name: "Casa" })).body.id;
  foreign_site = (await shop.post("/job-sites", { customer_id: neighbour, name: "Outra" })).body.id;
}, 60_000);

const one = () => [{ product_id, quantity: 1 }];

test("a price is the product's of the moment, and frozen then", async () => {
  const id = await shop.product({ base_price: 10 });
  const quote = await shop.quote({ customer_id, items: [{ product_id: id, quantity: 2 }] });
  await shop.patch(`/products/${id}`, { base_price: 20 });
  const { body } = await shop.get(`/quotes/${quote}`);
  expect([body.items[0].unit_price, body.total_value, body.valid_days]).toEqual(["10.00", "20.00", 7]);
  // Items given anew are priced anew.
  const changed = await shop.patch(`/quotes/${quote}`, { items: [{ product_id: id, quantity: 2 }] });
  expect(changed.body.total_value).toBe("40.00");
  expect((await shop.get(`/quotes/${quote}`)).body).toEqual(changed.body);
});

test("items keep their order, and a product may stand there twice", async () => {
  const { body } = await shop.post("/quotes", {
    customer_id,
    discount_percent: "12.5",
    items: [
      { product_id, quantity: "0.001" },
      { product_id, quantity: 3, unit_price: "0.33", discount_percent: 50, notes: "b" },
    ],
  });
  expect(body.items.map((item: { total_value: string }) => item.total_value)).toEqual(["0.10", "0.50"]);
  expect([body.discount_percent, body.total_value]).toEqual(["12.50", "0.53"]);
  expect((await shop.get(`/quotes/${body.id}`)).body).toEqual(body);
});

test("a draft's customer, site, discount, days and notes can be changed; what is left out stays", async () => {
  const id = await shop.quote({
    customer_id,
    job_site_id: site,
    notes: "n",
    delivery_date: "2026-03-09",
    items: one(),
  });
  const changed = await shop.patch(`/quotes/${id}`, { discount_percent: 10, valid_days: 30, delivery_date: null });
  expect(changed.body).toMatchObject({
    job_site_id: site,
    notes: "n",
    discount_percent: "10.00",
    valid_days: 30,
    delivery_date: null,
    total_value: "89.91",
  });
  expect((await shop.get(`/quotes/${id}`)).body).toEqual(changed.body);
});

describe("422", () => {
  test.each<[string, () => Record<string, unknown>, string]>([
    ["no items", () => ({ items: [] }), "/items"],
    ["501 items", () => ({ items: Array(501).fill(one()[0]) }), "/items"],
    ["a quantity of 0", () => ({ items: [{ product_id, quantity: 0 }] }), "/items/0/quantity"],
    ["a quantity of 4 places", () => ({ items: [{ product_id, quantity: "1.0001" }] }), "/items/0/quantity"],
    [
      "an inactive product",
      () => ({ items: [...one(), { product_id: inactive, quantity: 1 }] }),
      "/items/1/product_id",
    ],
    ["a discount above 100", () => ({ discount_percent: 100.01 }), "/discount_percent"],
    ["an unknown field of an item", () => ({ items: [{ ...one()[0], total_value: "1.00" }] }), "/items/0/total_value"],
    ["a number", () => ({ number: "Q-000009" }), "/number"],
    ["a status", () => ({ status: "approved" }), "/status"],
    ["no day", () => ({ delivery_date: "2026-02-30" }), "/delivery_date"],
    ["valid for 0 days", () => ({ valid_days: 0 }), "/valid_days"],
    ["another customer's job site", () => ({ job_site_id: foreign_site }), "/job_site_id"],
  ])("%s", async (_what, fault, path) => {
    const answer = await shop.post("/quotes", { customer_id, items: one(), ...fault() });
    expect(answer.status).toBe(422);
    expect(answer.body.errors.map((error: { path: string }) => error.path)).toContain(path);
  });
});
