import { beforeAll, expect, test } from "bun:test";
import type { Database } from "../../../src/platform/database/database.ts";
import { OWNER, VERTICAL } from "../../../src/platform/database/roles.ts";
import { createTenant } from "../../../src/platform/identity/index.ts";
import { openDatabase, STARTING } from "../database.ts";
import { ShopServer } from "../shop-server.ts";

let database: Database;
let server: ShopServer;
let token: string;
let tenant_id: string;

beforeAll(async () => {
  database = await openDatabase();
  server = new ShopServer(database);
  tenant_id = await server.makeShop("casa-verde");
  await server.makeShop("outra");
  token = (await server.login("admin@casa-verde.example")).access_token;
}, STARTING);

const patch = (body: object) => server.call("PATCH", "/api/v1/tenant", { token, body });

test("anybody sees what a login page needs, and no more", async () => {
  const answer = await server.call("GET", "/tenant.json");
  expect(answer.status).toBe(200);
  expect(Object.keys(answer.body).sort()).toEqual([
    "features",
    "logo_url",
    "name",
    "primary_color",
    "secondary_color",
    "slug",
  ]);
  expect((await server.call("GET", "/tenant.json", { slug: "nobody" })).status).toBe(404);
});

test("a change is seen at once, by the public page too; what is not named stays", async () => {
  const change = {
    name: "Casa Verde",
    tax_id: "11.222.333/0001-81",
    address: { street: "Rua A", number: null, district: null, city: "Campinas", state: "SP", postal_code: "13010000" },
    primary_color: "#00aa00",
    features: { sellers_approve: true, loyalty: false },
  };
  const changed = await patch(change);
  expect(changed).toMatchObject({ status: 200, body: { ...change, tax_id: "11222333000181", slug: "casa-verde" } });
  const again = await patch({ features: { loyalty: true } });
  expect(again.body).toMatchObject({ name: "Casa Verde", features: { sellers_approve: true, loyalty: true } });
  expect((await server.call("GET", "/tenant.json")).body).toMatchObject({
    name: "Casa Verde",
    primary_color: "#00aa00",
  });
  expect((await server.call("GET", "/api/v1/tenant", { token })).body).toEqual(again.body);
  expect((await patch({ tax_id: null, address: null })).body).toMatchObject({ tax_id: null, address: null });
});

test("what is not valid, not known or not the shop's to change is 422", async () => {
  const bodies = [
    {},
    { slug: "other" },
    { active: false },
    { tenant_id },
    { time_zone: "Mars/Olympus" },
    { time_zone: "+03:00" },
    { tax_id: "11222333000180" },
    { primary_color: "red" },
    { logo_url: "javascript:alert(1)" },
    { logo_url: 'https://x.example/"><script>' },
    { features: { "Not A Flag": true } },
    { features: { flag: "yes" } },
    { locale: "fr" },
    { address: { street: "Rua A", city: "Campinas" } },
  ];
  for (const body of bodies) {
    expect({ body, status: (await patch(body)).status }).toEqual({ body, status: 422 });
  }
});

test("a seller reads the shop and changes nothing", async () => {
  await server.makeUser(tenant_id, "bia@casa-verde.example", "seller");
  const { access_token } = await server.login("bia@casa-verde.example");
  expect((await server.call("GET", "/api/v1/tenant", { token: access_token })).status).toBe(200);
  const answer = await server.call("PATCH", "/api/v1/tenant", { token: access_token, body: { name: "x" } });
  expect(answer.status).toBe(403);
});

test("a suspended shop is as if it were not there", async () => {
  await database.transaction({ role: OWNER }, (tx) =>
    tx.query("update tenants set active = false where slug = 'casa-verde'"),
  );
  const fresh = new ShopServer(database);
  for (const path of ["/tenant.json", "/api/v1/tenant", "/auth/me"]) {
    expect((await fresh.call("GET", path, { token })).status).toBe(404);
  }
  await database.transaction({ role: OWNER }, (tx) => tx.query("update tenants set active = true"));
});

test("only the owner makes shops; a slug is one of a kind and well formed", async () => {
  const make = (slug: string, role = OWNER) =>
    database.transaction({ role }, (tx) => createTenant(tx, { slug, name: slug }));
  expect(make("nova", VERTICAL)).rejects.toThrow("permission denied");
  expect(make("casa-verde")).rejects.toMatchObject({ code: "slug_taken" });
  for (const slug of ["ab", "-abc", "abc-", "Abc", "a_b_c", "x".repeat(64)]) {
    expect(make(slug)).rejects.toMatchObject({ code: "invalid" });
  }
  expect(await make("a-1")).toMatchObject({ slug: "a-1", active: true, locale: "pt-BR" });
});
