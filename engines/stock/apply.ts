import type { BatchContext, EngineDb } from "@basecommerce/engine";
import { type Batch, folded, type StockEvent } from "./batch.ts";
import { MAX_WINDOW_DAYS } from "./config.ts";
import { HORIZON_DAYS } from "./episodes.ts";

// The update touches no row it would leave as it is: a sale changes nothing of a product that is known.
const UPSERT_PRODUCTS = `
  insert into products as p
    (tenant_id, product_id, name, unit, active, facts_seq, level, level_seq, first_event_at)
  select tenant_id, product_id, name, unit, active, facts_seq, level, level_seq, first_event_at
  from json_to_recordset($1::text::json) as (tenant_id uuid, product_id uuid, name text, unit text, active boolean,
         facts_seq bigint, level numeric, level_seq bigint, first_event_at timestamptz)
  on conflict (tenant_id, product_id) do update set
    name = case when excluded.facts_seq > coalesce(p.facts_seq, 0) then excluded.name else p.name end,
    unit = case when excluded.facts_seq > coalesce(p.facts_seq, 0) then excluded.unit else p.unit end,
    active = case when excluded.facts_seq > coalesce(p.facts_seq, 0) then excluded.active else p.active end,
    facts_seq = greatest(p.facts_seq, excluded.facts_seq),
    level = case when excluded.level_seq > coalesce(p.level_seq, 0) then excluded.level else p.level end,
    level_seq = greatest(p.level_seq, excluded.level_seq),
    first_event_at = least(p.first_event_at, excluded.first_event_at)
  where excluded.facts_seq > coalesce(p.facts_seq, 0) or excluded.level_seq > coalesce(p.level_seq, 0)
     or excluded.first_event_at < p.first_event_at`;

// From the beginning of the shop's week, so that old rows are looked for seldom; two days more, for zones behind UTC.
// Sales for a whole window before the earliest day that alerts are judged by.
const salesSince = `(date_trunc('week', c.latest_event_at, 'UTC') - interval '${MAX_WINDOW_DAYS + HORIZON_DAYS + 2} days')`;
const levelsSince = `(date_trunc('week', c.latest_event_at, 'UTC') - interval '${HORIZON_DAYS + 2} days')`;

const ADD_SALES = `
  insert into sales as s (tenant_id, product_id, quarter, quantity, value)
  select tenant_id, product_id, date_bin('15 minutes', delivered_at, 'epoch') as quarter, sum(quantity), sum(value)
  from json_to_recordset($1::text::json) as (tenant_id uuid, product_id uuid, delivered_at timestamptz,
                                             quantity numeric, value numeric)
  join clocks c using (tenant_id)
  where delivered_at >= ${salesSince}
  group by 1, 2, 3
  on conflict (tenant_id, product_id, quarter) do update set
    quantity = s.quantity + excluded.quantity, value = s.value + excluded.value`;

const ADD_LEVELS = `
  insert into level_changes (tenant_id, product_id, seq, changed_at, old_level, level)
  select tenant_id, product_id, seq, changed_at, old_level, level
  from json_to_recordset($1::text::json) as (tenant_id uuid, product_id uuid, seq bigint, changed_at timestamptz,
                                             old_level numeric, level numeric)
  join clocks c using (tenant_id)
  where changed_at >= ${levelsSince}`;

const ADVANCE_CLOCKS = `
  with seen as (
    select * from json_to_recordset($1::text::json) as (tenant_id uuid, latest_event_at timestamptz)
  ), before as (
    select c.* from clocks c join seen using (tenant_id)
  ), after as (
    insert into clocks as c (tenant_id, latest_event_at) select tenant_id, latest_event_at from seen order by tenant_id
    on conflict (tenant_id) do update set latest_event_at = greatest(c.latest_event_at, excluded.latest_event_at)
    returning c.*
  )
  select tenant_id
  from after left join before using (tenant_id)
  where date_trunc('week', after.latest_event_at, 'UTC') > date_trunc('week', before.latest_event_at, 'UTC')`;

// Shop by shop (offset 0 keeps it so): of an inequality between two tables the planner would think that it holds for a
// third of all shops' rows, and read them all.
const forget = (table: string, time: string, since: string) => `
  delete from ${table} where ctid = any(array(
    select old.ctid from clocks c cross join lateral (
      select ctid from ${table} t where t.tenant_id = c.tenant_id and t.${time} < ${since} offset 0) old
    where c.tenant_id in (select value::uuid from json_array_elements_text($1::text::json))))`;
const FORGET_SALES = forget("sales", "quarter", salesSince);
const FORGET_LEVELS = forget("level_changes", "changed_at", levelsSince);

/** Writes a batch in a handful of statements, however it is mixed. */
export async function apply(events: readonly StockEvent[], { db }: Pick<BatchContext<unknown>, "db">): Promise<void> {
  const { products, sales, levels, clocks } = folded(events);
  const write = async (sql: string, rows: readonly object[]) => {
    if (rows.length > 0) await db.query(sql, [JSON.stringify(rows)]);
  };
  // One round trip; the server runs them in this order.
  const [aged] = await Promise.all([
    advanceClocks(db, clocks),
    write(UPSERT_PRODUCTS, products),
    write(ADD_SALES, sales),
    write(ADD_LEVELS, levels),
  ]);
  if (aged.length > 0) {
    await db.query(FORGET_SALES, [JSON.stringify(aged)]);
    await db.query(FORGET_LEVELS, [JSON.stringify(aged)]);
  }
}

/** The shops that a new week has begun for. */
async function advanceClocks(db: EngineDb, clocks: Batch["clocks"]): Promise<string[]> {
  const rows = await db.query<{ tenant_id: string }>(ADVANCE_CLOCKS, [JSON.stringify(clocks)]);
  return rows.map(({ tenant_id }) => tenant_id);
}
