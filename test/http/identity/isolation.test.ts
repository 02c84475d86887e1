import { beforeAll, expect, test } from "bun:test";
import type { Database } from "../../../src/platform/database/database.ts";
import { OWNER, VERTICAL } from "../../../src/platform/database/roles.ts";
import { openDatabase, STARTING } from "../database.ts";
import { ShopServer } from "../shop-server.ts";

let database: Database;
let ours: string;
let theirs: string;

beforeAll(async () => {
  database = await openDatabase();
  const server = new ShopServer(database);
  ours = await server.makeShop("casa-verde");
  theirs = await server.makeShop("outra");
}, STARTING);

const count = (tenant_id: string | undefined, role = VERTICAL) =>
  database.transaction({ role, ...(tenant_id === undefined ? {} : { tenant_id }) }, async (tx) => {
    const [row] = await tx.query<{ n: number }>("select count(*)::integer as n from users");
    return row?.n;
  });

test("every table with a tenant has row-level security, forced, with a policy of the tenant and one of the owner", async () => {
  const tables = await database.query<{ name: string; enabled: boolean; forced: boolean; policies: string[] }>(
    `select c.relname::text as name, c.relrowsecurity as enabled, c.relforcerowsecurity as forced,
            array(select p.polname::text from pg_policy p where p.polrelid = c.oid)::text[] as policies
     from pg_class c join pg_attribute a on a.attrelid = c.oid and a.attname = 'tenant_id' and not a.attisdropped
     where c.relkind in ('r', 'p') and c.relnamespace = 'public'::regnamespace and not c.relispartition`,
  );
  expect(tables.length).toBeGreaterThan(5);
  for (const { name, enabled, forced, policies } of tables) {
    const has = { enabled, forced, owner: policies.includes("owner"), tenant: policies.includes("tenant") };
    expect({ name, ...has }).toEqual({ name, enabled: true, forced: true, owner: true, tenant: true });
  }
});

test("unique indexes of tenants' tables hold the tenant, or tell nothing of others", async () => {
  const found = await database.query<{ table: string; index: string }>(
    `select t.relname::text as table, i.relname::text as index
     from pg_index x
     join pg_class i on i.oid = x.indexrelid
     join pg_class t on t.oid = x.indrelid and t.relnamespace = 'public'::regnamespace
     join pg_attribute a on a.attrelid = t.oid and a.attname = 'tenant_id'
     where x.indisunique and not t.relispartition and not (a.attnum = any (x.indkey::smallint[]))`,
  );
  // A shop's slug is public by nature; the others are by seq, which is the ledger's own to give.
  expect(found.map(({ index }) => index).sort()).toEqual([
    "event_log_pkey",
    "event_redaction_pkey",
    "parked_event_pkey",
    "tenants_slug_key",
  ]);
});

test("without a tenant nothing is seen, with one only its own; the owner, who migrates, sees all", async () => {
  expect(await count(undefined)).toBe(0);
  expect(await count(ours)).toBe(1);
  expect(await count(undefined, OWNER)).toBe(2);
});

test("the tenant of one transaction is not there in the next on the same connection", async () => {
  for (let i = 0; i < 20; i++) {
    expect(await count(i % 2 === 0 ? ours : theirs)).toBe(1);
    expect(await count(undefined)).toBe(0);
  }
});

test("rows cannot be written into another shop, nor moved there", async () => {
  const insert = database.transaction({ role: VERTICAL, tenant_id: ours }, (tx) =>
    tx.query(
      `insert into users (tenant_id, id, name, email, password_hash, role)
       values ($1, gen_random_uuid(), 'x', 'x@x.example', 'x', 'admin')`,
      [theirs],
    ),
  );
  expect(insert).rejects.toMatchObject({ code: "42501" });
  const move = database.transaction({ role: VERTICAL, tenant_id: ours }, (tx) =>
    tx.query("update users set tenant_id = $1", [theirs]),
  );
  expect(move).rejects.toThrow();
  const touched = await database.transaction({ role: VERTICAL, tenant_id: ours }, (tx) =>
    tx.query("update users set name = 'x' where tenant_id = $1 returning id", [theirs]),
  );
  expect(touched).toEqual([]);
});

test("what runs with the owner's rights cannot be made to look elsewhere", async () => {
  const loose = await database.query(
    `select proname::text from pg_proc
     where prosecdef and pronamespace = 'public'::regnamespace
       and not exists (select 1 from unnest(proconfig) as setting where setting like 'search_path=%pg_temp')`,
  );
  expect(loose).toEqual([]);
});
