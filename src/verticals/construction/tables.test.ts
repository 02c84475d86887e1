import { beforeAll, expect, test } from "bun:test";
import { getTableConfig, type PgTable } from "drizzle-orm/pg-core";
import { openStand, type Stand } from "../../../test/construction/stand.ts";
import { customers } from "./customers/table.ts";
import { job_sites } from "./job-sites/table.ts";
import { order_items, orders } from "./orders/table.ts";
import { product_prices, products } from "./products/table.ts";
import { quote_items, quotes } from "./quotes/table.ts";
import { search_words } from "./search/table.ts";
import { stock_levels, stock_movements } from "./stock/table.ts";
import { supplier_prices, suppliers } from "./suppliers/table.ts";

const tables: PgTable[] = [
  customers,
  job_sites,
  order_items,
  orders,
  product_prices,
  products,
  quote_items,
  quotes,
  search_words,
  stock_levels,
  stock_movements,
  supplier_prices,
  suppliers,
];

let stand: Stand;
beforeAll(async () => {
  stand = await openStand();
}, 60_000);

test.each(tables.map((table) => [getTableConfig(table).name, table] as const))(
  "%s is as the program thinks it",
  async (name, table) => {
    const real = await stand.admin.query<{ name: string; type: string; required: boolean; position: number }>(
      `select a.attname as name, format_type(a.atttypid, a.atttypmod) as type, a.attnotnull as required
     from pg_attribute a where a.attrelid = $1::text::regclass and a.attnum > 0 and not a.attisdropped order by a.attnum`,
      [name],
    );
    const known = getTableConfig(table).columns.map((column) => ({
      name: column.name,
      type: column.getSQLType().replace("timestamptz", "timestamp with time zone"),
      required: column.notNull,
    }));
    expect(known).toEqual(real);
  },
);

test("every table of the vertical is behind forced row-level security and leads its keys with the tenant", async () => {
  const open = await stand.admin.query(
    `select relname from pg_class where relkind = 'r' and relnamespace = 'public'::regnamespace
       and relname = any($1::text::text[]) and not (relrowsecurity and relforcerowsecurity)`,
    [`{${tables.map((table) => getTableConfig(table).name).join(",")},document_numbers}`],
  );
  expect(open).toEqual([]);
  const keys = await stand.admin.query(
    `select c.conname from pg_constraint c join pg_attribute a on a.attrelid = c.conrelid and a.attnum = c.conkey[1]
     where c.conrelid::regclass::text = any($1::text::text[]) and c.contype in ('p', 'u', 'f') and a.attname <> 'tenant_id'`,
    [`{${tables.map((table) => getTableConfig(table).name).join(",")},document_numbers}`],
  );
  expect(keys).toEqual([]);
  const indexes = await stand.admin.query(
    `select i.indexrelid::regclass::text as name from pg_index i
     join pg_attribute a on a.attrelid = i.indrelid and a.attnum = i.indkey[0]
     where i.indrelid::regclass::text = any($1::text::text[]) and a.attname <> 'tenant_id'`,
    [`{${tables.map((table) => getTableConfig(table).name).join(",")},document_numbers}`],
  );
  expect(indexes).toEqual([]);
});
