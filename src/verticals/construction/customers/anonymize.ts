import { forbidden, notFound } from "../../../platform/http/problem.ts";
import type { ShopWork } from "../work.ts";
import type { Customer } from "./service.ts";

/** What stands where a name was. */
const MASK = "—";

const BLANK_CUSTOMER = `
  update customers
  set name = $3, document = null, email = null, phone = null, address = null, notes = null,
      anonymized_at = coalesce(anonymized_at, $4), updated_at = $4
  where tenant_id = $1 and id = $2
  returning id, kind, name, document, email, phone, address, notes, anonymized_at, created_at, updated_at`;

// Free text can hold anything, so all that was written about the customer goes, not only the fields meant for it.
const BLANK_JOB_SITES = `
  update job_sites set name = $3, address = null, notes = null, updated_at = $4
  where tenant_id = $1 and customer_id = $2`;
const BLANK_QUOTES = `
  with blanked as (
    update quotes set notes = null, updated_at = $3 where tenant_id = $1 and customer_id = $2 returning id
  )
  update quote_items i set notes = null from blanked
  where i.tenant_id = $1 and i.quote_id = blanked.id and i.notes is not null`;
const BLANK_ORDERS = `
  with blanked as (
    update orders set notes = null, delivery_address = null, updated_at = $3
    where tenant_id = $1 and customer_id = $2 returning id
  )
  update order_items i set notes = null from blanked
  where i.tenant_id = $1 and i.order_id = blanked.id and i.notes is not null`;

// Answers kept for an Idempotency-Key are given again, so they are blanked as what they tell of is.
const BLANK_ANSWERS = `
  update idempotency_keys k
  set body = (k.body::jsonb || (
    select coalesce(jsonb_object_agg(field, case
      when field in ('name', 'customer_name') then to_jsonb($3::text)
      when field = 'items' then (select jsonb_agg(item || '{"notes": null}') from jsonb_array_elements(value) item)
      end), '{}')
    from jsonb_each(k.body::jsonb) as fields (field, value)
    where field in ('name', 'document', 'email', 'phone', 'address', 'notes', 'customer_name', 'delivery_address', 'items')
  ))::json
  where k.tenant_id = $1 and $2::text in (k.body ->> 'id', k.body ->> 'customer_id')`;

/**
 * Blanks who a customer was: in the row, its job sites, quotes and orders, in kept answers and in the ledger; emits
 * `customer_anonymized` for whoever keeps copies. Admins only (403). Figures stay; doing it again changes nothing more.
 */
export async function anonymizeCustomer(work: ShopWork, id: string): Promise<Customer> {
  if (work.actor?.role === "seller") throw forbidden("only an admin may anonymize a customer");
  const { tx, now, tenant } = work;
  const [customer] = await tx.query<Customer>(BLANK_CUSTOMER, [tenant.tenant_id, id, MASK, now]);
  if (!customer) throw notFound("customer");
  await Promise.all([
    tx.query(BLANK_JOB_SITES, [tenant.tenant_id, customer.id, MASK, now]),
    tx.query(BLANK_QUOTES, [tenant.tenant_id, customer.id, now]),
    tx.query(BLANK_ORDERS, [tenant.tenant_id, customer.id, now]),
    tx.query(BLANK_ANSWERS, [tenant.tenant_id, customer.id, MASK]),
    tx.query("select redact_customer_in_ledger($1, $2)", [customer.id, MASK]),
  ]);
  work.record("customer_anonymized", { customer_id: customer.id, user_id: work.actor?.id ?? null });
  return customer;
}
