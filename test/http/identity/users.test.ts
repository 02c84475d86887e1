import { beforeAll, describe, expect, test } from "bun:test";
import type { Database } from "../../../src/platform/database/database.ts";
import { VERTICAL } from "../../../src/platform/database/roles.ts";
import type { User } from "../../../src/platform/identity/user.ts";
import { Users } from "../../../src/platform/identity/users.ts";
import { openDatabase, STARTING } from "../database.ts";
import { PASSWORD, ShopServer, type SignedIn } from "../shop-server.ts";

let database: Database;
let server: ShopServer;
let tenant_id: string;
let other_id: string;
let admin: SignedIn;

beforeAll(async () => {
  database = await openDatabase();
  server = new ShopServer(database);
  tenant_id = await server.makeShop("casa-verde");
  other_id = await server.makeShop("outra");
  admin = await server.login("admin@casa-verde.example");
}, STARTING);

interface Page {
  items: User[];
  next_cursor: string | null;
}

const list = (query: string) => server.call<Page>("GET", `/api/v1/users${query}`, { token: admin.access_token });
const add = (body: object, key?: string) =>
  server.call<User & { errors: { path: string }[] }>("POST", "/api/v1/users", {
    token: admin.access_token,
    body,
    ...(key === undefined ? {} : { headers: { "idempotency-key": key } }),
  });
const change = (id: string, body: object, token = admin.access_token) =>
  server.call<User & { type: string }>("PATCH", `/api/v1/users/${id}`, { token, body });
const newcomer = (name: string) => ({ name, email: `${name}@casa-verde.example`, password: PASSWORD, role: "seller" });

describe("adding", () => {
  test("gives 201 with the place of the user, who can sign in", async () => {
    const made = await add(newcomer("dora"));
    expect(made.status).toBe(201);
    expect(made.headers.get("location")).toBe(`/api/v1/users/${made.body.id}`);
    const got = await server.call("GET", made.headers.get("location") ?? "", { token: admin.access_token });
    expect(got.body).toEqual(made.body);
    expect((await server.login("dora@casa-verde.example")).user.id).toBe(made.body.id);
  });

  test("an e-mail address of this shop is taken in whatever case; in another shop it is free", async () => {
    await add(newcomer("eva"));
    const again = await add({ ...newcomer("eva"), email: "EVA@casa-verde.example" });
    expect(again).toMatchObject({ status: 409, body: { type: "urn:basecommerce:problem:email_taken" } });
    await server.makeUser(other_id, "eva@casa-verde.example", "seller");
  });

  test("is done once for an Idempotency-Key, and the password is not in what is kept for it", async () => {
    const [first, second] = await Promise.all([add(newcomer("fabio"), "key-1"), add(newcomer("fabio"), "key-1")]);
    expect([first.status, second.status]).toEqual([201, 201]);
    expect(second.body).toEqual(first.body);
    expect((await add(newcomer("gil"), "key-1")).status).toBe(422);
    const kept = await database.transaction({ role: VERTICAL, tenant_id }, (tx) =>
      tx.query("select * from idempotency_keys"),
    );
    expect(kept).toHaveLength(1);
    expect(JSON.stringify(kept)).not.toContain("argon2");
  });

  test("what is missing, unknown or not valid is 422 by its place", async () => {
    const right = newcomer("hugo");
    const cases: [object, string][] = [
      [{ ...right, email: "not an address" }, "/email"],
      [{ ...right, password: "short" }, "/password"],
      [{ ...right, role: "owner" }, "/role"],
      [{ ...right, name: "  " }, "/name"],
      [{ ...right, active: true }, "/active"],
      [{ ...right, id: tenant_id }, "/id"],
      [{ ...right, tenant_id: other_id }, "/tenant_id"],
    ];
    for (const [body, path] of cases) {
      const answer = await add(body);
      expect({ path, status: answer.status, first: answer.body.errors[0]?.path }).toEqual({
        path,
        status: 422,
        first: path,
      });
    }
  });
});

describe("listing", () => {
  test("goes through all of the shop's users page by page, and no other's", async () => {
    for (const name of ["ines", "joao", "kaua"]) await server.makeUser(tenant_id, `${name}@lista.example`, "seller");
    const seen: string[] = [];
    let query = "?limit=2";
    for (;;) {
      const { status, body } = await list(query);
      expect(status).toBe(200);
      seen.push(...body.items.map(({ id }) => id));
      if (body.next_cursor === null) break;
      query = `?limit=2&cursor=${body.next_cursor}`;
    }
    const all = await database.transaction({ role: VERTICAL, tenant_id }, (tx) => tx.query("select id from users"));
    expect(new Set(seen).size).toBe(seen.length);
    expect(seen).toHaveLength(all.length);
  });

  test("filters and searches; what is typed is text, not a pattern", async () => {
    expect((await list("?q=LISTA.ex")).body.items).toHaveLength(3);
    expect((await list("?q=%25")).body.items).toHaveLength(0);
    expect((await list("?q=%20")).body.items.length).toBe((await list("")).body.items.length);
    expect((await list("?q=_oao")).body.items).toHaveLength(0);
    expect((await list("?role=admin")).body.items.map(({ role }) => role)).toEqual(["admin"]);
    expect((await list("?active=false")).body.items).toEqual([]);
  });

  test("a cursor that is none is 422, as is text that cannot be stored", async () => {
    for (const query of [
      "?cursor=x",
      "?cursor=WyJ4Il0",
      "?cursor=W10",
      "?limit=0",
      "?limit=201",
      "?q=%00",
      "?page=2",
    ]) {
      expect({ query, status: (await list(query)).status }).toEqual({ query, status: 422 });
    }
  });
});

describe("changing", () => {
  test("another shop's user is unknown here", async () => {
    const theirs = await server.makeUser(other_id, "leo@outra.example", "seller");
    expect((await change(theirs.id, { name: "x" })).status).toBe(404);
    expect((await server.call("GET", `/api/v1/users/${theirs.id}`, { token: admin.access_token })).status).toBe(404);
    expect((await server.call("GET", "/api/v1/users/1", { token: admin.access_token })).status).toBe(422);
  });

  test("a seller manages nobody", async () => {
    const seller = await server.makeUser(tenant_id, "mia@casa-verde.example", "seller");
    const { access_token: token } = await server.login("mia@casa-verde.example");
    expect((await server.call("GET", "/api/v1/users", { token })).status).toBe(403);
    expect((await server.call("GET", `/api/v1/users/${seller.id}`, { token })).status).toBe(403);
    expect((await change(seller.id, { role: "admin" }, token)).status).toBe(403);
    expect((await server.call("POST", "/api/v1/users", { token, body: newcomer("nina") })).status).toBe(403);
  });

  test("nobody changes their own role, or their password but by knowing it", async () => {
    await server.makeUser(tenant_id, "second@casa-verde.example", "admin");
    expect((await change(admin.user.id, { role: "seller" })).status).toBe(403);
    expect((await change(admin.user.id, { password: "a brand new password" })).status).toBe(403);
    expect((await change(admin.user.id, { name: "Ana", role: "admin" })).body.name).toBe("Ana");
  });

  test("a role takes effect in a session that stands, without signing in again", async () => {
    const user = await server.makeUser(tenant_id, "otto@casa-verde.example", "seller");
    const { access_token: token } = await server.login("otto@casa-verde.example");
    expect((await server.call("GET", "/api/v1/users", { token })).status).toBe(403);
    await change(user.id, { role: "admin" });
    expect((await server.call("GET", "/api/v1/users", { token })).status).toBe(200);
    await change(user.id, { role: "seller" });
    expect((await server.call("GET", "/api/v1/users", { token })).status).toBe(403);
  });

  test("deactivation and a new password end all sessions, for good", async () => {
    const user = await server.makeUser(tenant_id, "pia@casa-verde.example", "seller");
    const first = await server.login("pia@casa-verde.example");
    expect(await server.me(first.access_token)).toBe(200);
    await change(user.id, { active: false });
    expect(await server.me(first.access_token)).toBe(401);
    await change(user.id, { active: true });
    expect(await server.me(first.access_token)).toBe(401);
    const second = await server.login("pia@casa-verde.example");
    await change(user.id, { password: "a brand new password" });
    expect(await server.me(second.access_token)).toBe(401);
    expect((await server.login("pia@casa-verde.example", "a brand new password")).user.id).toBe(user.id);
  });

  test("the last active admin stays one", async () => {
    const alone = await server.makeShop("so-um");
    const { access_token: token, user } = await server.login("admin@so-um.example", PASSWORD, "so-um");
    const off = await server.call("PATCH", `/api/v1/users/${user.id}`, {
      token,
      slug: "so-um",
      body: { active: false },
    });
    expect(off).toMatchObject({ status: 409, body: { type: "urn:basecommerce:problem:last_admin" } });
    const second = await server.makeUser(alone, "b@so-um.example", "admin");
    const demote = () =>
      server.call("PATCH", `/api/v1/users/${second.id}`, { token, slug: "so-um", body: { role: "seller" } });
    expect((await demote()).status).toBe(200);
  });

  test("two admins who take each other's role at once leave one", async () => {
    for (let round = 0; round < 5; round++) {
      const slug = `dupla-${round}`;
      const id = await server.makeShop(slug);
      const b = await server.makeUser(id, `b@${slug}.example`, "admin");
      const one = await server.login(`admin@${slug}.example`, PASSWORD, slug);
      const tenant = await server.parts.tenants.bySlug(slug);
      if (!tenant) throw new Error("the shop is gone");
      // Past the gate, both at once: there the second would already be stopped as a seller.
      const users = new Users(server.parts);
      const outcomes = await Promise.allSettled([
        users.change(tenant, { id: one.user.id, role: "admin" }, b.id, { role: "seller" }),
        users.change(tenant, { id: b.id, role: "admin" }, one.user.id, { active: false }),
      ]);
      expect(outcomes.map(({ status }) => status).sort()).toEqual(["fulfilled", "rejected"]);
      expect(outcomes.find(({ status }) => status === "rejected")).toMatchObject({ reason: { code: "last_admin" } });
    }
  });
});
