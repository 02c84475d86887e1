import { beforeAll, describe, expect, test } from "bun:test";
import { Shop } from "../../../../test/construction/shop.ts";
import { openStand } from "../../../../test/construction/stand.ts";

let shop: Shop;
beforeAll(async () => {
  shop = await Shop.open(await openStand());
}, 60_000);

const address = { street: "Rua das Acácias", number: "120", city: "Campinas", state: "SP", postal_code: "13010-111" };

test("a document is checked by the customer's kind and kept without its punctuation", async () => {
  const company = { kind: "company", name: "Horizonte", document: "12.ABC.345/01DE-35" };
  const made = await shop.post("/customers", { ...company, address });
  expect(made.body).toMatchObject({ document: "12ABC34501DE35", address: { ...address, district: null } });
  expect((await shop.post("/customers", { ...company, kind: "individual" })).status).toBe(422);
  expect((await shop.post("/customers", { ...company, document: "12abc34501de35" })).status).toBe(409);
  // The document that stays does not fit the new kind.
  expect((await shop.patch(`/customers/${made.body.id}`, { kind: "individual" })).status).toBe(422);
  const changed = await shop.patch(`/customers/${made.body.id}`, { kind: "individual", document: "529.982.247-25" });
  expect(changed.body).toMatchObject({ kind: "individual", document: "52998224725" });
});

test("unknown fields are refused at any depth", async () => {
  const answer = await shop.post("/customers", {
    kind: "company",
    name: "x",
    address: { ...address, planet: "Earth" },
  });
  expect(answer.status).toBe(422);
  expect(answer.body.errors[0].path).toBe("/address/planet");
  expect((await shop.post("/customers", { kind: "company", name: "x", anonymized_at: null })).status).toBe(422);
});

test("a customer that nothing refers to can be deleted", async () => {
  const id = await shop.customer();
  const site = await shop.post("/job-sites", { customer_id: id, name: "Casa" });
  expect((await shop.delete(`/customers/${id}`)).status).toBe(409);
  expect((await shop.delete(`/job-sites/${site.body.id}`)).status).toBe(204);
  expect((await shop.delete(`/customers/${id}`)).status).toBe(204);
});

describe("anonymizing", () => {
  let id: string;
  let quote_id: string;
  let order_id: string;
  let site: Record<string, unknown>;
  let sale: Record<string, unknown>;
  const keyed = (key: string) => ({ headers: { "idempotency-key": key } });
  beforeAll(async () => {
    const product_id = await shop.product();
    id = await shop.customer({ name: "Ana Souza", email: "ana@obra.example", phone: "1999", address, notes: "vip" });
    site = { customer_id: id, name: "Casa da Ana", address, notes: "portão" };
    const { body } = await shop.post("/job-sites", site, keyed("site"));
    const items = [{ product_id, quantity: 3, notes: "para a Ana" }];
    sale = { customer_id: id, job_site_id: body.id, notes: "ligar para a Ana", items };
    [quote_id, order_id] = await Promise.all([shop.quote(sale), shop.order(sale)]);
  });

  test("is for admins", async () => {
    expect((await shop.post(`/customers/${id}/anonymize`, undefined, { as: "seller" })).status).toBe(403);
  });

  test("leaves figures and nothing that tells who it was, in tables, search and ledger", async () => {
    const other = await shop.customer({ name: "Ana Prado" });
    const kept = await shop.order({ customer_id: other, items: [{ product_id: await shop.product(), quantity: 1 }] });
    const answer = await shop.post(`/customers/${id}/anonymize`);
    expect(answer.body).toMatchObject({
      id,
      name: "—",
      document: null,
      email: null,
      phone: null,
      address: null,
      notes: null,
    });
    expect(answer.body.anonymized_at).not.toBeNull();

    const seen = await Promise.all(
      [`/quotes/${quote_id}`, `/orders/${order_id}`, `/job-sites?customer_id=${id}`, "/customers?q=souza"].map((path) =>
        shop.get(path),
      ),
    );
    const events = (await shop.events()).filter(({ payload }) => payload.order_id !== kept);
    const text = JSON.stringify([seen.map(({ body }) => body), events]);
    expect(text).not.toContain("Ana");
    expect(text).not.toContain("Acácias");
    expect(seen[1]?.body).toMatchObject({ number: "O-000001", total_value: "30.00" });
    const [sold] = await shop.events("order_created");
    expect(sold?.payload).toMatchObject({ customer_name: "—", delivery_address: null, total_value: "30.00" });

    // Nobody else's events were touched.
    const theirs = (await shop.events("order_created")).find(({ payload }) => payload.order_id === kept);
    expect(theirs?.payload.customer_name).toBe("Ana Prado");
    expect(await shop.events("customer_anonymized")).toHaveLength(1);
  });

  test("an answer kept for a key is given again without the person", async () => {
    const product_id = await shop.product();
    const ana = await shop.customer({ name: "Ana Lima" });
    const order = { customer_id: ana, notes: "da Ana", items: [{ product_id, quantity: 2, notes: "Ana" }] };
    const first = await shop.post("/orders", order, keyed("sale"));
    await shop.post(`/customers/${ana}/anonymize`);
    const again = await shop.post("/orders", order, keyed("sale"));
    expect(again.status).toBe(201);
    expect(again.body).toMatchObject({ id: first.body.id, customer_name: "—", notes: null, total_value: "20.00" });
    expect(JSON.stringify([again.body, (await shop.post("/job-sites", site, keyed("site"))).body])).not.toContain(
      "Ana",
    );
  });

  test("is for good: the row takes no new person, a second time changes nothing", async () => {
    const first = (await shop.get(`/customers/${id}`)).body.anonymized_at;
    expect((await shop.patch(`/customers/${id}`, { name: "Ana Souza" })).status).toBe(409);
    expect((await shop.post("/job-sites", { customer_id: id, name: "Casa" })).status).toBe(409);
    expect((await shop.post(`/customers/${id}/anonymize`)).body.anonymized_at).toBe(first);
  });
});
