import { beforeAll, expect, test } from "bun:test";
import { testDatabase } from "../../../test/harness/database.ts";
import { construction } from "../../contracts/construction.ts";
import type { Row } from "../../platform/database/database.ts";
import { PostgresDatabase } from "../../platform/database/postgres.ts";
import { moneyOf } from "../../platform/decimal/money.ts";
import { percentOf } from "../../platform/decimal/percent.ts";
import { quantityOf } from "../../platform/decimal/quantity.ts";
import { EventContracts } from "../../platform/events/ledger.ts";
import { LedgerReader } from "../../platform/events/ledger-reader.ts";
import { partitionOf } from "../../platform/events/partition.ts";
import { documentTotal, lineTotal } from "../../verticals/construction/documents/totals.ts";
import { Batch } from "./batch.ts";
import { load } from "./load.ts";
import { Loader } from "./loader.ts";

const ORDERS = 400;
const OPTIONS = {
  tenants: 3,
  orders: ORDERS,
  seed: 42,
  prefix: "loja",
  days: 60,
  until: Date.parse("2026-03-01T03:00:00Z"),
  partitions: 16,
  password_hash: "none",
  progress: () => undefined,
};

let database: PostgresDatabase;
let admin_url: string;

beforeAll(async () => {
  const { urls } = await testDatabase();
  admin_url = urls.admin;
  // As superuser: foreign keys are not looked up row by row, so that the test of them below says something.
  const loader = new Loader(urls.admin);
  await loader.open();
  const made = await load(loader, OPTIONS);
  await loader.close();
  database = new PostgresDatabase({ url: urls.admin, application_name: "test", max: 1 });
  expect(made.orders).toBe(ORDERS);
}, 60_000);

async function rows<T extends Row>(sql: string): Promise<T[]> {
  return await database.query<T>(sql);
}

async function one<T extends Row>(sql: string): Promise<T> {
  const [row] = await rows<T>(sql);
  if (!row) throw new Error("no row");
  return row;
}

test("every event fits its contract and stands in its shop's partition", async () => {
  const contracts = new EventContracts("construction", construction);
  const events = await new LedgerReader(database).after(0, 100_000);
  expect(events.length).toBeGreaterThan(ORDERS * 8);
  for (const { event_type, payload, version, key, tenant_id, partition, hops } of events) {
    expect({ event_type, ...contracts.check(event_type, JSON.parse(payload)) }).toEqual({ event_type, version, key });
    expect({ partition, hops }).toEqual({ partition: partitionOf(tenant_id, 16), hops: 0 });
  }
  expect(new Set(events.map(({ event_type }) => event_type))).toEqual(
    new Set(
      Object.keys(construction).filter(
        (type) => !["product_updated", "customer_anonymized", "order_rescheduled"].includes(type),
      ),
    ),
  );
});

test("an order's events follow each other as a shop would have written them", async () => {
  const [delivered] = await rows<{ id: string; quote_id: string }>(
    "select id, quote_id from orders where status = 'delivered' and quote_id is not null limit 1",
  );
  const events = await rows<{ event_type: string }>(
    `select event_type from event_log where key in ('${delivered?.id}', '${delivered?.quote_id}') order by seq`,
  );
  expect(events.map(({ event_type }) => event_type)).toEqual([
    "quote_created",
    "quote_sent",
    "quote_approved",
    "order_created",
    "order_status_changed",
    "order_status_changed",
    "order_status_changed",
    "sale_recorded",
    "quote_converted",
  ]);
});

test("totals are the vertical's, in rows and in events", async () => {
  for (const kind of ["quote", "order"]) {
    const documents = await rows<{ id: string; total_value: string; discount_percent: string; lines: string[][] }>(
      `select d.id, d.total_value, d.discount_percent,
              json_agg(json_build_array(i.quantity::text, i.unit_price::text, i.total_value::text) order by i.position) as lines
       from ${kind}s d join ${kind}_items i on i.${kind}_id = d.id group by d.tenant_id, d.id`,
    );
    expect(documents.length).toBeGreaterThan(100);
    for (const { id, total_value, discount_percent, lines } of documents) {
      const computed = lines.map(([quantity = "", unit_price = "", total = ""]) => {
        const given = [quantityOf(quantity), moneyOf(unit_price), percentOf(0)] as const;
        if (!given[0] || !given[1] || !given[2]) throw new Error(`${id} has amounts that are none`);
        expect(total).toBe(lineTotal(given[0], given[1], given[2]));
        return { total_value: lineTotal(given[0], given[1], given[2]) };
      });
      expect(total_value).toBe(documentTotal(computed, percentOf(discount_percent) ?? expect.unreachable()));
    }
  }
  const sums = await one<{ rows: string; created: string; sold: string; delivered: string }>(
    `select (select sum(total_value) from orders) as rows,
            (select sum((payload->>'total_value')::numeric) from event_log where event_type = 'order_created') as created,
            (select sum(total_value) from orders where status = 'delivered') as delivered,
            (select sum((payload->>'total_value')::numeric) from event_log where event_type = 'sale_recorded') as sold`,
  );
  expect(sums.created).toBe(sums.rows);
  expect(sums.sold).toBe(sums.delivered);
});

test("numbers have no gaps, grow with time, and the counters stand at the last", async () => {
  for (const [kind, letter] of [
    ["quote", "Q"],
    ["order", "O"],
  ]) {
    const shops = await rows<{ made: number; highest: string; last: number; disordered: number }>(
      `select count(*) as made, max(d.number) as highest, n.last,
              count(*) filter (where d.created_at < d.before) as disordered
       from (select *, lag(created_at) over (partition by tenant_id order by number) as before from ${kind}s) d
       join document_numbers n on n.tenant_id = d.tenant_id and n.kind = '${kind}' group by d.tenant_id, n.last`,
    );
    expect(shops).toHaveLength(3);
    for (const { made, highest, last, disordered } of shops) {
      expect({ last, highest, disordered }).toEqual({
        last: made,
        highest: `${letter}-${String(made).padStart(6, "0")}`,
        disordered: 0,
      });
    }
  }
});

test("levels follow from the movements, and the events say the same", async () => {
  const wrong = await rows(
    `select l.product_id, l.quantity, m.new_quantity, e.payload->>'new_quantity' as told
     from stock_levels l
     left join lateral (select new_quantity from stock_movements m where m.tenant_id = l.tenant_id
       and m.product_id = l.product_id order by created_at desc, id desc limit 1) m on true
     left join lateral (select payload from event_log e where e.tenant_id = l.tenant_id and e.key = l.product_id::text
       and e.event_type = 'stock_updated' order by seq desc limit 1) e on true
     where l.quantity is distinct from m.new_quantity or l.quantity is distinct from (e.payload->>'new_quantity')::numeric`,
  );
  expect(wrong).toEqual([]);
  const broken = await rows(
    `select * from (select payload->>'old_quantity' as old, lag(payload->>'new_quantity') over (partition by key order by seq)
       as before from event_log where event_type = 'stock_updated') s where before is not null and old <> before`,
  );
  expect(broken).toEqual([]);
  const { price_differs } = await one<{ price_differs: number }>(
    `select count(*) as price_differs from products p where base_price <> (select new_price from product_prices r
       where r.tenant_id = p.tenant_id and r.product_id = p.id order by created_at desc limit 1)`,
  );
  expect(price_differs).toBe(0);
});

test("no row refers to one that is not there", async () => {
  const keys = await rows<{ name: string; definition: string; source: string }>(
    `select conname as name, conrelid::regclass::text as source, pg_get_constraintdef(oid) as definition from pg_constraint
     where contype = 'f' and connamespace = 'public'::regnamespace and conparentid = 0`,
  );
  expect(keys.length).toBeGreaterThan(15);
  for (const { name, definition, source } of keys) {
    const [, own = "", target = "", theirs = ""] = /\((.+?)\) REFERENCES (\w+)\((.+?)\)/.exec(definition) ?? [];
    const columns = own.split(", ");
    const on = columns.map((column, i) => `t.${theirs.split(", ")[i]} = s.${column}`).join(" and ");
    const given = columns.map((column) => `s.${column} is not null`).join(" and ");
    const { orphans } = await one<{ orphans: number }>(
      `select count(*) as orphans from ${source} s where ${given} and not exists (select 1 from ${target} t where ${on})`,
    );
    expect({ name, orphans }).toEqual({ name, orphans: 0 });
  }
});

test("search finds what was loaded", async () => {
  const { words } = await one<{ words: number }>(
    "select count(distinct tenant_id) as words from search_words where kind = 'product' and word = 'cimento'",
  );
  expect(words).toBe(3);
});

test("the same options give the same rows, also to an owner who must have every foreign key checked", async () => {
  const { urls } = await testDatabase();
  const loader = new Loader(urls.owner);
  await loader.open();
  await load(loader, OPTIONS);
  await loader.close();
  const again = new PostgresDatabase({ url: urls.admin, application_name: "test", max: 1 });
  for (const [table, key] of [
    ["orders", "tenant_id, number"],
    ["quotes", "tenant_id, number"],
    ["stock_movements", "tenant_id, id"],
    ["event_log", "seq"],
  ]) {
    const digest = `select md5(string_agg(t::text, ',' order by ${key})) as digest from ${table} t`;
    const [first, second] = await Promise.all([database.query(digest), again.query(digest)]);
    expect({ table, rows: first }).toEqual({ table, rows: second });
  }
  await again.close();
});

test("what the server refuses is told, and the next batch can be loaded", async () => {
  const loader = new Loader(admin_url);
  await loader.open();
  const wrong = new Batch();
  wrong.add("product_prices", {
    tenant_id: "no id",
    id: "",
    product_id: "",
    old_price: null,
    new_price: "",
    user_id: null,
    created_at: "",
  });
  await expect(loader.load(wrong, true)).rejects.toThrow("refused the rows");
  await expect(load(loader, OPTIONS)).rejects.toMatchObject({ code: "23505" });
  await loader.load(new Batch(), true);
  await loader.close();
});
