import { beforeAll, describe, expect, test } from "bun:test";
import { Shop } from "../../../test/construction/shop.ts";
import { openStand } from "../../../test/construction/stand.ts";
import { createOrder } from "./orders/service.ts";

type Named = { id: string; name: string; number: string };

let shop: Shop;
let products: string[];
let maria: string;
let jose: string;
beforeAll(async () => {
  shop = await Shop.open(await openStand());
  products = [];
  // Two of one name: the id decides between them.
  for (const name of ["Telha", "Areia média", "Areia média", "Cal", "Vergalhão 3/8", "Brita", "Cimento"]) {
    const category = name.startsWith("Areia") ? "Agregados" : "Outros";
    products.push(await shop.product({ name, category, active: name !== "Cal", code: `C-${products.length}` }));
  }
  [maria, jose] = [
    await shop.customer(),
    await shop.customer({ name: "José Álvares Conceição", email: "ze@obra.example" }),
  ];
  const [product_id = ""] = products;
  for (let i = 0; i < 5; i++) {
    // All in the same microsecond but the last.
    const now = i === 4 ? "2026-03-02T14:05:09.123457Z" : "2026-03-02T14:05:09.123456Z";
    const customer_id = i % 2 === 0 ? maria : jose;
    await shop.work((work) => createOrder(work, { customer_id, items: [{ product_id, quantity: 1 }] }), { now });
  }
}, 60_000);

/** All pages of a list, two rows at a time. */
async function walk(path: string): Promise<Named[][]> {
  const pages: Named[][] = [];
  let cursor: string | null = "";
  while (cursor !== null) {
    const separator = path.includes("?") ? "&" : "?";
    const { status, body } = await shop.get(`${path}${separator}limit=2${cursor && `&cursor=${cursor}`}`);
    expect(status).toBe(200);
    pages.push(body.items);
    cursor = body.next_cursor;
  }
  return pages;
}

const names = async (path: string) => (await shop.get(path)).body.items.map((item: Named) => item.name);
const numbers = async (path: string) => (await shop.get(path)).body.items.map((item: Named) => item.number);

describe("pages", () => {
  test("by name: each row once, in order, also where names repeat", async () => {
    const pages = await walk("/products");
    expect(pages.map((page) => page.length)).toEqual([2, 2, 2, 1]);
    expect(pages.flat().map(({ name }) => name)).toEqual([
      "Areia média",
      "Areia média",
      "Brita",
      "Cal",
      "Cimento",
      "Telha",
      "Vergalhão 3/8",
    ]);
    expect(new Set(pages.flat().map(({ id }) => id)).size).toBe(7);
  });

  test("by time: the newest first, to the microsecond, each row once", async () => {
    const found = (await walk("/orders")).flat().map(({ number }) => number);
    expect(found[0]).toBe("O-000005");
    expect(found.toSorted()).toEqual(["O-000001", "O-000002", "O-000003", "O-000004", "O-000005"]);
  });

  test("a row made meanwhile shifts nothing", async () => {
    const first = await shop.get("/suppliers?limit=1");
    expect(first.body).toEqual({ items: [], next_cursor: null });
    for (const name of ["Beta", "Delta"]) await shop.post("/suppliers", { name });
    const { body } = await shop.get("/suppliers?limit=1");
    await shop.post("/suppliers", { name: "Alfa" });
    expect(await names(`/suppliers?cursor=${body.next_cursor}`)).toEqual(["Delta"]);
  });

  test.each([
    "/products?limit=0",
    "/products?limit=201",
    "/products?limit=x",
    "/products?cursor=x",
    "/products?cursor=WyJhIl0",
    "/products?sort=name",
    "/orders?status=lost",
    "/orders?customer_id=7",
    "/orders?created_from=yesterday",
    "/orders?created_to=2026-02-30",
    "/orders?created_to=0000-01-01",
    "/orders?created_to=2026-02-30T00:00:00Z",
    "/orders?created_to=2026-02-28T25:00:00Z",
    "/products?active=maybe",
  ])("%s is 422", async (path) => {
    expect((await shop.get(path)).status).toBe(422);
  });

  test("a cursor of one list is none of another's", async () => {
    const { next_cursor } = (await shop.get("/products?limit=1")).body;
    expect((await shop.get(`/orders?cursor=${next_cursor}`)).status).toBe(422);
  });
});

describe("search", () => {
  test("by the beginnings of words, in any order, whatever their case and accents", async () => {
    expect(await names("/products?q=vergalhao")).toEqual(["Vergalhão 3/8"]);
    expect(await names("/products?q=MED%20ar")).toEqual(["Areia média", "Areia média"]);
    expect(await names("/products?q=c-6")).toEqual(["Cimento"]);
    expect(await names("/products?q=3%2F8")).toEqual(["Vergalhão 3/8"]);
    expect(await names("/products?q=reia")).toEqual([]);
    expect(await names("/products?q=%25")).toEqual([]);
    expect(await names("/customers?q=alvares%20JOSE")).toEqual(["José Álvares Conceição"]);
    expect(await names("/customers?q=ze%40obra")).toEqual(["José Álvares Conceição"]);
  });

  test("of documents: their number in any writing, or the customer's name", async () => {
    for (const q of ["O-000003", "o-3", "3", "000003"]) expect(await numbers(`/orders?q=${q}`)).toEqual(["O-000003"]);
    expect(await numbers("/orders?q=Q-3")).toEqual([]);
    expect((await numbers("/orders?q=conc")).toSorted()).toEqual(["O-000002", "O-000004"]);
  });

  test("of documents by the customer's name, page by page, as the whole list tells them", async () => {
    const all = await numbers("/orders");
    const his = new Set(["O-000002", "O-000004"]);
    const hers = await walk("/orders?q=maria");
    expect(hers.flat().map(({ number }) => number)).toEqual(all.filter((number: string) => !his.has(number)));
    expect(hers.map((page) => page.length)).toEqual([2, 1]);
    expect((await walk("/orders?q=maria&status=delivered")).flat()).toEqual([]);
    expect((await walk("/quotes?q=maria")).flat()).toEqual([]);
  });

  test("of documents: each once, also of a customer two of whose words are meant", async () => {
    const customer_id = await shop.customer({ name: "Ana Anacleto" });
    const { body } = await shop.post("/quotes", { customer_id, items: [{ product_id: products[0], quantity: 1 }] });
    expect(await numbers("/quotes?q=ana")).toEqual([body.number]);
    expect(await numbers("/quotes?q=anac%20ana")).toEqual([body.number]);
    expect(await numbers("/quotes?q=%25")).toEqual([]);
  });

  test("of a word that very many have: the same rows in the same order, page by page", async () => {
    const wanted = await shop.stand.admin.query<{ name: string }>(
      `insert into customers (tenant_id, id, kind, name, created_at, updated_at)
       select $1, gen_random_uuid(), 'individual', 'Cliente Clientela ' || lpad((n * 7919 % 1200)::text, 4, '0'), now(), now()
       from generate_series(1, 1200) n returning name`,
      [shop.tenant_id],
    );
    const found: string[] = [];
    let cursor: string | null = "";
    while (cursor !== null && found.length <= wanted.length) {
      const { body }: Awaited<ReturnType<Shop["get"]>> = await shop.get(
        `/customers?q=client&limit=200${cursor && `&cursor=${cursor}`}`,
      );
      found.push(...body.items.map((item: Named) => item.name));
      cursor = body.next_cursor;
    }
    expect(found).toEqual(wanted.map(({ name }) => name).toSorted());
    expect(await names("/customers?q=cliente%200042")).toEqual(["Cliente Clientela 0042"]);
  });

  test("of movements and prices: what the product is called", async () => {
    const [tile = "", sand = ""] = products;
    const supplier = (await shop.post("/suppliers", { name: "Vale" })).body.id;
    for (const [i, product_id] of [tile, sand, tile, sand, tile].entries()) {
      await shop.post("/stock/movements", { product_id, movement_type: "in", quantity: i + 1 });
      await shop.post(`/suppliers/${supplier}/prices`, { product_id, price: i + 1 });
    }
    const moved = async (path: string) =>
      (await walk(path)).map((page) => page.map((row) => ("quantity" in row ? row.quantity : "")));
    expect(await moved("/stock/movements?q=telha")).toEqual([["5.000", "3.000"], ["1.000"]]);
    expect(await moved("/stock/movements?q=areia")).toEqual([["4.000", "2.000"]]);
    expect(await moved(`/stock/movements?q=areia&product_id=${tile}`)).toEqual([[]]);
    expect(await moved("/stock/movements?q=%25")).toEqual([[]]);
    const prices = async (path: string) =>
      (await shop.get(path)).body.items.map((row: { price: string; new_price: string }) => row.price ?? row.new_price);
    expect(await prices(`/suppliers/${supplier}/prices?q=areia`)).toEqual(["4.00", "2.00"]);
    expect(await prices(`/products/${tile}/prices?q=TELHA`)).toEqual(["10.00"]);
    expect(await prices(`/products/${tile}/prices?q=areia`)).toEqual([]);
  });

  test("what a row is no longer called does not find it", async () => {
    const id = await shop.product({ name: "Tijolo" });
    await shop.patch(`/products/${id}`, { name: "Bloco" });
    expect(await names("/products?q=tijolo")).toEqual([]);
    expect(await names("/products?q=bloco")).toEqual(["Bloco"]);
    await shop.delete(`/products/${id}`);
    expect(await names("/products?q=bloco")).toEqual([]);
  });
});

describe("filters", () => {
  test("each named one, and several at once", async () => {
    expect(await names("/products?active=false")).toEqual(["Cal"]);
    expect(await names("/products?category=Agregados&active=true&q=areia")).toHaveLength(2);
    expect(await numbers(`/orders?customer_id=${jose}&status=pending`)).toHaveLength(2);
    expect(await numbers("/orders?status=delivered")).toEqual([]);
  });

  test("days are the shop's, both ends included; instants are exact", async () => {
    // 2026-03-02T14:05Z is the 2nd in São Paulo.
    expect(await numbers("/orders?created_from=2026-03-02&created_to=2026-03-02")).toHaveLength(5);
    expect(await numbers("/orders?created_from=2026-03-03")).toEqual([]);
    expect(await numbers("/orders?created_to=2026-03-01")).toEqual([]);
    expect(await numbers("/orders?created_from=2026-03-02T14:05:09.123457Z")).toEqual(["O-000005"]);
    expect(await numbers("/orders?created_to=2026-03-02T14:05:09.123456Z")).toHaveLength(4);
    const late = "2026-03-04T02:59:59.999999Z";
    const [product_id = ""] = products;
    await shop.work((work) => createOrder(work, { customer_id: maria, items: [{ product_id, quantity: 1 }] }), {
      now: late,
    });
    expect(await numbers("/orders?created_from=2026-03-03&created_to=2026-03-03")).toEqual(["O-000006"]);
  });
});
