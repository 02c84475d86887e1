import { beforeAll, expect, test } from "bun:test";
import { testDatabase } from "../../test/harness/database.ts";
import { withSession } from "../../test/harness/session.ts";
import { verifyPassword } from "../platform/auth/password.ts";
import { runProgram } from "./program.ts";

let url: string;

beforeAll(async () => {
  url = (await testDatabase()).urls.owner;
});

/** Runs a command as the owner; `input` is its stdin. */
async function run(line: string, input = ""): Promise<{ code: number; out: string; error: string }> {
  const out: string[] = [];
  const error: string[] = [];
  const code = await runProgram(line.split(" "), {
    environment: { DATABASE_URL: url },
    input: async () => input,
    out: (text) => out.push(text),
    error: (text) => error.push(text),
  });
  return { code, out: out.join("\n"), error: error.join("\n") };
}

async function hashOf(email: string): Promise<string> {
  const [user] = await withSession(url, (sql) => sql`select password_hash from users where email = ${email}`);
  return String(user?.password_hash);
}

test("a shop is made, listed, suspended and resumed", async () => {
  const made = await run("tenant create --slug casa-verde --name Verde --locale en --json");
  expect(JSON.parse(made.out)).toMatchObject({ slug: "casa-verde", name: "Verde", locale: "en", active: true });
  expect((await run("tenant create --slug casa-azul --name Azul")).out).toMatch(/^[0-9a-f-]{36}$/);
  expect((await run("tenant suspend casa-azul")).out).toStartWith("casa-azul is suspended");
  const { out } = await run("tenant list");
  expect(out).toMatch(/^SLUG +NAME +STATE/);
  expect(out).toMatch(/^casa-azul +Azul +suspended +0 /m);
  expect(out).toMatch(/^casa-verde +Verde +active +0 /m);
  await run("tenant resume casa-azul");
  expect(JSON.parse((await run("tenant list --json")).out)).toMatchObject([{ active: true }, { active: true }]);
});

test("what cannot be is said in one sentence: 1 when it failed, 2 when the command line is wrong", async () => {
  await run("tenant create --slug taken --name Once");
  expect(await run("tenant create --slug taken --name Twice")).toEqual({
    code: 1,
    out: "",
    error: "basecommerce: there is a shop taken already",
  });
  expect(await run("tenant suspend nowhere")).toMatchObject({ code: 1, error: "basecommerce: shop nowhere not found" });
  expect(await run("tenant create --slug X --name Y")).toMatchObject({
    code: 2,
    error: "basecommerce: slug must be 3–63 of a–z, 0–9 and inner hyphens",
  });
  const nobody = await run("user create --tenant taken --email nobody --name Nobody --role seller");
  expect(nobody).toMatchObject({ code: 2, error: "basecommerce: email is not valid" });
  expect((await run("user create --tenant taken --email a@b.example --name A --role boss")).code).toBe(2);
  expect((await run("tenant create --slug only-slug")).code).toBe(2);
});

test("people get in with a password that is made or given, by an address in any case", async () => {
  await run("tenant create --slug people --name People");
  const made = await run("user create --tenant people --email Ana@people.example --name Ana --role admin");
  const password = /^password: (\S{20})$/m.exec(made.out)?.[1];
  expect(await verifyPassword(String(password), await hashOf("Ana@people.example"))).toBe(true);
  const given = await run(
    "user create --tenant people --email rui@people.example --name Rui --role seller --password-stdin --json",
    "correct horse battery\n",
  );
  expect(JSON.parse(given.out)).not.toHaveProperty("password");
  expect(await verifyPassword("correct horse battery", await hashOf("rui@people.example"))).toBe(true);
  await run("user reset-password --tenant people --email RUI@people.example --password-stdin", "staple staple");
  expect(await verifyPassword("staple staple", await hashOf("rui@people.example"))).toBe(true);
  const short = await run("user reset-password --tenant people --email rui@people.example --password-stdin", "short");
  expect(short).toMatchObject({ code: 2, error: "basecommerce: password must have 10 to 200 characters" });
  const twice = await run("user create --tenant people --email ana@PEOPLE.example --name Ana --role seller");
  expect(twice).toMatchObject({
    code: 1,
    error: "basecommerce: another user of this shop has that e-mail address",
  });
});

test("a person is kept out, but never the shop's last admin", async () => {
  await run("tenant create --slug last --name Last");
  await run("user create --tenant last --email ana@last.example --name Ana --role admin");
  await run("user create --tenant last --email rui@last.example --name Rui --role seller");
  expect((await run("user deactivate --tenant last --email rui@last.example")).out).toBe(
    "rui@last.example is inactive",
  );
  const admin = await run("user deactivate --tenant last --email ana@last.example");
  expect(admin).toMatchObject({ code: 1, error: "basecommerce: the shop's last active admin must stay one" });
  const { out } = await run("user list --tenant last");
  expect(out).toMatch(/^ana@last.example +Ana +admin +active$/m);
  expect(out).toMatch(/^rui@last.example +Rui +seller +inactive$/m);
});

test("many shops with a history are made in one go", async () => {
  const { code, out } = await run("demo --tenants 2 --orders 30 --days 20 --prefix viele --until 2026-03-31 --json");
  expect(code).toBe(0);
  const made = JSON.parse(out);
  expect(made).toMatchObject({ tenants: 2, orders: 30, slug: "viele-1", user: "admin@viele-1.example" });
  expect(await verifyPassword(made.password, await hashOf(made.user))).toBe(true);
  const [last] = await withSession(
    url,
    (sql) => sql`
      select max(created_at)::text as at, count(distinct tenant_id)::int as shops from orders
      where tenant_id in (select tenant_id from tenants where slug like 'viele-%')`,
  );
  expect(last).toMatchObject({ at: expect.stringMatching(/^2026-03-31 /), shops: 2 });
  expect((await run("demo --tenants 2 --orders 30 --prefix viele --json")).code).toBe(1);
  expect((await run("demo --orders many")).code).toBe(2);
  expect((await run("demo --until tomorrow")).code).toBe(2);
  expect((await run("demo --prefix No")).code).toBe(2);
});
