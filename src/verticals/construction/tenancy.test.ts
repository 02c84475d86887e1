import { beforeAll, describe, expect, test } from "bun:test";
import { Shop } from "../../../test/construction/shop.ts";
import { openStand } from "../../../test/construction/stand.ts";
import { VERTICAL } from "../../platform/database/roles.ts";

/** One of each thing a shop can have. */
async function stocked(shop: Shop) {
  const product_id = await shop.product({ code: "CIM-50" });
  const customer_id = await shop.customer({ document: "529.982.247-25" });
  const items = [{ product_id, quantity: 1 }];
  const [site, supplier, movement] = await Promise.all([
    shop.post("/job-sites", { customer_id, name: "Casa" }),
    shop.post("/suppliers", { name: "Vale" }),
    shop.post("/stock/movements", { product_id, movement_type: "in", quantity: 9 }),
  ]);
  const price = await shop.post(`/suppliers/${supplier.body.id}/prices`, { product_id, price: 1 });
  const [quote_id, order_id] = await Promise.all([
    shop.quote({ customer_id, items }),
    shop.order({ customer_id, items }),
  ]);
  return {
    products: product_id,
    customers: customer_id,
    "job-sites": site.body.id as string,
    suppliers: supplier.body.id as string,
    "stock/movements": movement.body.id as string,
    quotes: quote_id,
    orders: order_id,
    price: price.body.id as string,
  };
}

let ours: Shop;
let theirs: Shop;
let our: Awaited<ReturnType<typeof stocked>>;
let their: Awaited<ReturnType<typeof stocked>>;
beforeAll(async () => {
  const stand = await openStand();
  [ours, theirs] = [await Shop.open(stand, "casa-verde"), await Shop.open(stand, "casa-azul")];
  // The same codes and documents in both: what is unique is so within a shop.
  [our, their] = [await stocked(ours), await stocked(theirs)];
}, 60_000);

/** A body that a route with an id takes. */
const bodies: Record<string, unknown> = {
  "PATCH /products/:id": { name: "x" },
  "PATCH /customers/:id": { name: "x" },
  "PATCH /job-sites/:id": { name: "x" },
  "PATCH /suppliers/:id": { name: "x" },
  "PATCH /quotes/:id": { notes: "x" },
  "PATCH /orders/:id": { delivery_date: "2026-03-09" },
  "POST /orders/:id/status": { status: "preparing" },
};

test("another shop's ids are as unknown as any: 404 on every route that takes one", async () => {
  const routes = ours.app.routes.filter(({ path }) => path.startsWith("/api/v1/") && path.includes(":id"));
  expect(routes.length).toBeGreaterThan(25);
  for (const { method, path } of routes) {
    const route = path.slice("/api/v1".length);
    const kind = route.slice(1, route.indexOf("/:id")) as keyof typeof their;
    const wanted = route.replace(":id", their[kind]).replace(":price_id", their.price);
    const body =
      `${method} ${route}` === "POST /suppliers/:id/prices"
        ? { product_id: our.products, price: 1 }
        : bodies[`${method} ${route}`];
    const unknown = route.replace(":id", Bun.randomUUIDv7()).replace(":price_id", Bun.randomUUIDv7());
    const [foreign, nothing] = [await ours.call(method, wanted, body), await ours.call(method, unknown, body)];
    expect([method, route, foreign.status, foreign.body.detail]).toEqual([method, route, 404, nothing.body.detail]);
  }
  // Nothing of it happened.
  expect((await theirs.get(`/quotes/${their.quotes}`)).body.status).toBe("draft");
  expect((await theirs.get(`/customers/${their.customers}`)).body.anonymized_at).toBeNull();
});

describe("ids of another shop in a body", () => {
  const item = (product_id: string) => [{ product_id, quantity: 1 }];
  test.each<[string, () => [string, unknown]]>([
    ["customer of a quote", () => ["/quotes", { customer_id: their.customers, items: item(our.products) }]],
    ["product of a quote", () => ["/quotes", { customer_id: our.customers, items: item(their.products) }]],
    [
      "job site of a quote",
      () => ["/quotes", { customer_id: our.customers, job_site_id: their["job-sites"], items: item(our.products) }],
    ],
    ["customer of an order", () => ["/orders", { customer_id: their.customers, items: item(our.products) }]],
    ["product of an order", () => ["/orders", { customer_id: our.customers, items: item(their.products) }]],
    ["customer of a job site", () => ["/job-sites", { customer_id: their.customers, name: "x" }]],
    ["product of a price", () => [`/suppliers/${our.suppliers}/prices`, { product_id: their.products, price: 1 }]],
    [
      "product of a movement",
      () => ["/stock/movements", { product_id: their.products, movement_type: "in", quantity: 1 }],
    ],
  ])("%s: 404", async (_what, request) => {
    expect((await ours.post(...request())).status).toBe(404);
  });
});

test("lists hold the own shop's rows only, also when they are filtered by another shop's ids", async () => {
  for (const path of [
    "/products",
    "/customers",
    "/job-sites",
    "/suppliers",
    "/stock",
    "/stock/movements",
    "/quotes",
    "/orders",
  ]) {
    expect((await ours.get(path)).body.items).toHaveLength(1);
  }
  for (const path of [
    `/orders?customer_id=${their.customers}`,
    `/quotes?customer_id=${their.customers}`,
    `/job-sites?customer_id=${their.customers}`,
    `/stock?product_id=${their.products}`,
    `/stock/movements?product_id=${their.products}`,
  ]) {
    expect((await ours.get(path)).body.items).toEqual([]);
  }
});

describe("a statement that forgets the tenant", () => {
  const TABLES = [
    "products",
    "product_prices",
    "customers",
    "job_sites",
    "suppliers",
    "supplier_prices",
    "stock_levels",
    "stock_movements",
    "quotes",
    "quote_items",
    "orders",
    "order_items",
    "document_numbers",
    "search_words",
  ];
  const tenantsIn = async (table: string, scope: { tenant_id?: string }) => {
    const rows = await ours.stand.vertical.transaction({ role: VERTICAL, ...scope }, (tx) =>
      tx.query<{ tenant_id: string }>(`select distinct tenant_id from ${table}`),
    );
    return rows.map(({ tenant_id }) => tenant_id);
  };

  test.each(TABLES)("sees the own shop's %s only, and none without a tenant", async (table) => {
    expect(await tenantsIn(table, { tenant_id: ours.tenant_id })).toEqual([ours.tenant_id]);
    expect(await tenantsIn(table, {})).toEqual([]);
  });

  test("changes the own shop's rows only", async () => {
    await ours.work((work) => work.tx.query("update products set description = 'ours'"));
    expect((await theirs.get(`/products/${their.products}`)).body.description).toBeNull();
  });

  test("cannot write into another shop", async () => {
    const insert = ours.work((work) =>
      work.tx.query("insert into document_numbers (tenant_id, kind, last) values ($1, 'order', 7)", [theirs.tenant_id]),
    );
    await expect(insert).rejects.toThrow("row-level security");
  });

  test("cannot refer to another shop's row: keys lead with the tenant", async () => {
    const insert = ours.work((work) =>
      work.tx.query(
        `insert into job_sites (tenant_id, id, customer_id, name, created_at, updated_at)
         values ($1, $2, $3, 'x', now(), now())`,
        [ours.tenant_id, Bun.randomUUIDv7(), their.customers],
      ),
    );
    await expect(insert).rejects.toThrow("foreign key");
  });

  test("cannot change the ledger, nor redact another shop's events", async () => {
    await expect(ours.work((work) => work.tx.query("update event_log set key = 'x'"))).rejects.toThrow(
      "permission denied",
    );
    await ours.work((work) => work.tx.query("select redact_customer_in_ledger($1, '—')", [their.customers]));
    const [event] = await theirs.events("order_created");
    expect(event?.payload.customer_name).toBe("Maria da Silva");
  });
});

test("another shop's token is 403, no token is 401", async () => {
  const request = (headers: Record<string, string>) =>
    ours.app.handle(new Request("http://casa-verde.shops.example/api/v1/products", { headers }));
  expect((await request({ host: "casa-verde.shops.example" })).status).toBe(401);
  const foreign = await theirs.get("/products", { headers: { "x-tenant-slug": "casa-verde" } });
  expect(foreign.status).toBe(403);
});
