import { beforeAll, expect, test } from "bun:test";
import { Shop } from "../../../test/construction/shop.ts";
import { openStand } from "../../../test/construction/stand.ts";
import { construction } from "../../contracts/construction.ts";
import { EventContracts } from "../../platform/events/ledger.ts";

type Happened = Awaited<ReturnType<Shop["events"]>>[number];

let shop: Shop;
let ids: Record<"product" | "customer" | "site" | "supplier" | "quote" | "order" | "cancelled", string>;
let events: Happened[];

beforeAll(async () => {
  shop = await Shop.open(await openStand());
  const product = await shop.product({ code: "CIM-50", category: "Cimento" });
  await shop.patch(`/products/${product}`, { name: "Cimento CP III", base_price: 12.5 });
  const address = { street: "Rua A", city: "Campinas", state: "SP" };
  const customer = await shop.customer({ address });
  const site = (
    await shop.post("/job-sites", { customer_id: customer, name: "Casa", address: { ...address, city: "Itu" } })
  ).body.id;
  const supplier = (await shop.post("/suppliers", { name: "Vale" })).body.id;
  await shop.post(`/suppliers/${supplier}/prices`, { product_id: product, price: 8, payment_days: 28 });
  await shop.post("/stock/movements", { product_id: product, movement_type: "in", quantity: 5, reason: "NF 1" });
  const items = [
    { product_id: product, quantity: 2 },
    { product_id: product, quantity: "0.5", unit_price: 10, discount_percent: 10 },
  ];
  const quote = await shop.quote({ customer_id: customer, job_site_id: site, discount_percent: 5, items });
  const cancelled = await shop.quote({ customer_id: customer, items });
  await shop.post(`/quotes/${cancelled}/cancel`);
  await shop.post(`/quotes/${quote}/send`);
  await shop.post(`/quotes/${quote}/approve`);
  const order = (await shop.post(`/quotes/${quote}/convert`)).body.id;
  for (const delivery_date of ["2026-03-09", "2026-03-09", null])
    await shop.patch(`/orders/${order}`, { delivery_date });
  for (const status of ["preparing", "out_for_delivery", "delivered"])
    await shop.post(`/orders/${order}/status`, { status });
  ids = { product, customer, site, supplier, quote, order, cancelled };
  events = await shop.events();
}, 60_000);

const of = (type: string) => events.filter(({ event_type }) => event_type === type);
const only = (type: string) => {
  const found = of(type);
  expect(found).toHaveLength(1);
  return found[0]?.payload;
};

test("each kind of event is written, keyed and shaped by its contract", async () => {
  const after = await shop.post(`/customers/${ids.customer}/anonymize`);
  expect(after.status).toBe(200);
  const all = await shop.events();
  expect(new Set(all.map(({ event_type }) => event_type))).toEqual(new Set(Object.keys(construction)));
  const contracts = new EventContracts("construction", construction);
  for (const { event_type, key, payload } of all) expect(contracts.check(event_type, payload).key).toBe(key);
});

test("a product tells what it is, then what changed", () => {
  expect(only("product_created")).toEqual({
    product_id: ids.product,
    code: "CIM-50",
    name: "Cimento CP II 50 kg",
    category: "Cimento",
    unit: "SC",
    base_price: "10.00",
  });
  expect(only("product_updated")).toMatchObject({ name: "Cimento CP III", active: true, user_id: shop.admin.id });
  expect(only("product_price_updated")).toMatchObject({ old_price: "10.00", new_price: "12.50" });
});

test("a quote carries its items with their totals", () => {
  expect(of("quote_created")[0]?.payload).toEqual({
    quote_id: ids.quote,
    customer_id: ids.customer,
    user_id: shop.admin.id,
    job_site_id: ids.site,
    total_value: "28.03",
    discount_percent: "5.00",
    items_count: 2,
    items: [
      { product_id: ids.product, quantity: "2.000", unit_price: "12.50", total_value: "25.00" },
      { product_id: ids.product, quantity: "0.500", unit_price: "10.00", total_value: "4.50" },
    ],
  });
  expect(only("quote_cancelled")).toMatchObject({ quote_id: ids.cancelled });
});

test("an order of a quote goes to its job site and stands beside the conversion, in the ledger's order", () => {
  const converted = only("quote_converted");
  expect(converted).toMatchObject({ quote_id: ids.quote, order_id: ids.order, total_value: "28.03" });
  expect(only("order_created")).toMatchObject({
    order_id: ids.order,
    number: "O-000001",
    quote_id: ids.quote,
    customer_name: "Maria da Silva",
    delivery_address: { street: "Rua A", number: null, district: null, city: "Itu", state: "SP", postal_code: null },
  });
});

test("another day for an order is said once, also that there is none any more", () => {
  expect(of("order_rescheduled").map(({ payload }) => payload)).toEqual([
    { order_id: ids.order, delivery_date: "2026-03-09", user_id: shop.admin.id },
    { order_id: ids.order, delivery_date: null, user_id: shop.admin.id },
  ]);
});

test("delivering takes each product out once and records the sale", () => {
  expect(of("order_status_changed").map(({ payload }) => [payload.old_status, payload.new_status])).toEqual([
    ["pending", "preparing"],
    ["preparing", "out_for_delivery"],
    ["out_for_delivery", "delivered"],
  ]);
  const sales = of("stock_updated").filter(({ payload }) => payload.movement_type === "sale");
  expect(sales.map(({ payload }) => [payload.old_quantity, payload.new_quantity, payload.order_id])).toEqual([
    ["5.000", "2.500", ids.order],
  ]);
  expect(only("sale_recorded")).toMatchObject({ order_id: ids.order, quote_id: ids.quote, total_value: "28.03" });
});

test("what is refused leaves no event", async () => {
  const before = (await shop.events()).length;
  await shop.post("/stock/movements", { product_id: ids.product, movement_type: "out", quantity: 1000 });
  await shop.post(`/quotes/${ids.quote}/approve`);
  await shop.post("/products", { name: "x", unit: "UN", base_price: 1, code: "CIM-50" });
  await shop.patch(`/products/${ids.product}`, {});
  expect((await shop.events()).length).toBe(before);
});

test("a product that is deleted or made inactive is said to be inactive", async () => {
  const asleep = await shop.product({ name: "asleep", active: false });
  const gone = await shop.product({ name: "gone" });
  await shop.delete(`/products/${gone}`);
  const said = (await shop.events("product_updated")).map(({ key, payload }) => [key, payload.active]);
  expect(said).toContainEqual([asleep, false]);
  expect(said).toContainEqual([gone, false]);
});
