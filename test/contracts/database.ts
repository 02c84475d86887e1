import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import type { Database } from "../../src/platform/database/database.ts";
import { codeOf } from "../../src/platform/database/errors.ts";
import { ormOf } from "../../src/platform/database/orm.ts";
import { ENGINES, OWNER, VERTICAL } from "../../src/platform/database/roles.ts";

const A = "01890000-0000-7000-8000-00000000000a";
const B = "01890000-0000-7000-8000-00000000000b";

/** What every `Database` must do. `open` gives one with the whole schema, whose login may take on every role. */
export function databaseContract(name: string, open: () => Promise<Database>): void {
  describe(`Database: ${name}`, () => {
    let database: Database;
    beforeAll(async () => {
      database = await open();
      await database.transaction({ role: OWNER }, async (tx) => {
        for (const [id, slug] of [
          [A, "shop-a"],
          [B, "shop-b"],
        ] as const) {
          await tx.query("insert into tenants (tenant_id, slug, name) values ($1, $2, $2)", [id, slug]);
        }
      });
    }, 60_000);
    afterAll(() => database.close());

    test("values come as the wire has them", async () => {
      const [row] = await database.query(
        `select timestamptz '2026-01-31 09:00:00.5-03' as instant, date '2026-01-31' as day, 12.30::numeric(9,2) as money,
                9007199254740991::bigint as big, '{"a": [1]}'::json as document, true as flag, null as nothing`,
      );
      expect(row).toEqual({
        instant: "2026-01-31T12:00:00.500000Z",
        day: "2026-01-31",
        money: "12.30",
        big: 9007199254740991,
        document: { a: [1] },
        flag: true,
        nothing: null,
      });
    });

    test("a bigint that would be rounded is refused", async () => {
      await expect(database.query("select 9007199254740993::bigint as big")).rejects.toThrow("safe integer");
    });

    test("what goes in comes out: instants with microseconds, text, null", async () => {
      const [row] = await database.query("select $1::timestamptz as instant, $2::text as text, $3::date as nothing", [
        "2026-01-31T12:00:00.123456Z",
        "ção 🧱",
        null,
      ]);
      expect(row).toEqual({ instant: "2026-01-31T12:00:00.123456Z", text: "ção 🧱", nothing: null });
    });

    test("a transaction commits what its work did, and gives its result", async () => {
      const result = await database.transaction({ role: OWNER }, async (tx) => {
        await tx.query("update tenants set phone = '1' where tenant_id = $1", [A]);
        return "done";
      });
      expect(result).toBe("done");
      expect(await phoneOf(A)).toBe("1");
    });

    test("a transaction whose work throws leaves nothing and rejects with what was thrown", async () => {
      const reason = new Error("no");
      const failing = database.transaction({ role: OWNER }, async (tx) => {
        await tx.query("update tenants set phone = '2' where tenant_id = $1", [B]);
        throw reason;
      });
      await expect(failing).rejects.toBe(reason);
      expect(await phoneOf(B)).toBeNull();
    });

    test("a statement that fails has its SQLSTATE, and the transaction is gone", async () => {
      const failing = database.transaction({ role: OWNER }, async (tx) => {
        await tx.query("update tenants set phone = '3' where tenant_id = $1", [B]);
        await tx.query("select 1 / 0");
      });
      expect(codeOf(await failing.catch((error: unknown) => error))).toBe("22012");
      expect(await phoneOf(B)).toBeNull();
    });

    test("a query is one statement: nobody ends the transaction behind a semicolon", async () => {
      const script = "update tenants set phone = '4'; commit; begin";
      for (const way of ["query", "values"] as const) {
        const failing = database.transaction({ role: OWNER }, async (tx) => await tx[way](script));
        expect(codeOf(await failing.catch((error: unknown) => error))).toBe("42601");
      }
      expect(codeOf(await database.query(script).catch((error: unknown) => error))).toBe("42601");
      expect(await phoneOf(B)).toBeNull();
    });

    test("a tenant sees its own rows only, whatever is asked", async () => {
      const slugs = await database.transaction({ role: VERTICAL, tenant_id: A }, (tx) =>
        tx.values("select slug from tenants order by slug"),
      );
      expect(slugs).toEqual([["shop-a"]]);
    });

    test("without a tenant nobody's rows are visible", async () => {
      const seen = await database.transaction({ role: VERTICAL }, (tx) => tx.query("select slug from tenants"));
      expect(seen).toEqual([]);
    });

    test("a tenant cannot write another's rows", async () => {
      const writing = database.transaction({ role: VERTICAL, tenant_id: A }, (tx) =>
        tx.query(
          "insert into users (tenant_id, id, name, email, password_hash, role) values ($1, $1, 'x', 'x', 'x', 'admin')",
          [B],
        ),
      );
      expect(codeOf(await writing.catch((error: unknown) => error))).toBe("42501");
    });

    test("role, tenant and limits do not leak into what follows", async () => {
      await database.transaction({ role: VERTICAL, tenant_id: A, statement_timeout_ms: 1234 }, (tx) =>
        tx.query("select 1"),
      );
      const [row] = await database.query(
        `select current_setting('role') as role, coalesce(current_setting('app.tenant_id', true), '') as tenant,
                current_setting('statement_timeout') as statement_timeout`,
      );
      expect(row).toMatchObject({ tenant: "", statement_timeout: "0" });
      expect(row?.role).not.toBe(VERTICAL);
    });

    test("what is set for the session in a lent transaction does not outlive it", async () => {
      const session = async () => {
        const [row] = await database.query(
          `select current_user as role, current_setting('search_path') as search_path, current_setting('TimeZone') as zone,
             current_setting('default_transaction_read_only') as read_only, current_setting('role') as role_setting`,
        );
        return row;
      };
      const before = await session();
      await database.transaction({ role: "basecommerce_engines", lent: true }, async (tx) => {
        await tx.query("set default_transaction_read_only = on");
        await tx.query("set search_path to nowhere");
        await tx.query("set time zone 'America/Bahia'");
        await tx.query("set role basecommerce_relay");
        await tx.query("set local role basecommerce_engines");
      });
      expect(await session()).toEqual(before);
    });

    test("a lent transaction in which something failed does not commit, whatever became of the failure", async () => {
      const swallowed = database.transaction({ lent: true }, async (tx) => {
        await tx.query("select 1 / 0").catch(() => undefined);
      });
      await expect(swallowed).rejects.toMatchObject({ code: "25P02" });
    });

    test("bind changes role, tenant and schema in the middle", async () => {
      const seen = await database.transaction({ role: VERTICAL, tenant_id: A }, async (tx) => {
        await tx.bind({ tenant_id: B, schema: "pg_catalog" });
        return await tx.query("select slug, current_schema() as schema from public.tenants");
      });
      expect(seen).toEqual([{ slug: "shop-b", schema: "pg_catalog" }]);
    });

    test("an engine's login reads no vertical's table", async () => {
      const reading = database.transaction({ role: ENGINES, tenant_id: A }, (tx) => tx.query("select * from users"));
      expect(codeOf(await reading.catch((error: unknown) => error))).toBe("42501");
    });

    test("the query builder runs in the same transaction", async () => {
      const rows = await database.transaction({ role: VERTICAL, tenant_id: B }, async (tx) => {
        const { sql } = await import("drizzle-orm");
        return await ormOf(tx).execute(sql`select slug from tenants where slug like ${"shop-%"}`);
      });
      expect(rows.map(({ slug }) => slug)).toEqual(["shop-b"]);
    });

    test("statements sent without waiting run in the order they were sent", async () => {
      const rows = await database.transaction({ role: OWNER }, async (tx) => {
        const sent = Array.from({ length: 20 }, (_, i) => tx.query("select $1::int as i", [i]));
        return (await Promise.all(sent)).map(([row]) => row?.i);
      });
      expect(rows).toEqual(Array.from({ length: 20 }, (_, i) => i));
    });

    test("a snapshot is of one moment, and changes nothing", async () => {
      const work = database.transaction({ role: OWNER, snapshot: true }, async (tx) => {
        expect(await tx.query("show transaction_isolation")).toEqual([{ transaction_isolation: "repeatable read" }]);
        await tx.query("update tenants set phone = '2' where tenant_id = $1", [A]);
      });
      expect(codeOf(await work.catch((error) => error))).toBe("25006");
      expect(await database.query("show transaction_isolation")).toEqual([{ transaction_isolation: "read committed" }]);
    });

    test("names that would be inlined are checked", async () => {
      await expect(database.transaction({ role: "x'; drop" }, async () => 1)).rejects.toThrow("not a role name");
      await expect(database.transaction({ tenant_id: "x" }, async () => 1)).rejects.toThrow("not a tenant id");
    });

    test("many transactions at once all end", async () => {
      const sums = await Promise.all(
        Array.from({ length: 40 }, (_, i) =>
          database.transaction({ role: OWNER }, async (tx) => (await tx.query("select $1::int + 1 as n", [i]))[0]?.n),
        ),
      );
      expect(sums).toEqual(Array.from({ length: 40 }, (_, i) => i + 1));
    });

    async function phoneOf(tenant_id: string): Promise<unknown> {
      const [row] = await database.transaction({ role: VERTICAL, tenant_id }, (tx) =>
        tx.query("select phone from tenants"),
      );
      return row?.phone;
    }
  });
}
