import { type SQL, sql } from "drizzle-orm";
import { notFound, unprocessable } from "../../../platform/http/problem.ts";
import type { Address } from "../address.ts";
import type { ShopWork } from "../work.ts";

/** Who a quote or an order is for, and where it goes. */
export type Parties = {
  customer_id: string;
  customer_name: string;
  job_site_id: string | null;
  /** The job site's address, or else the customer's. */
  delivery_address: Address | null;
};

/**
 * The name of a document's customer, by one look for each row that is shown. A prepared statement is planned for a shop of
 * middling size, and a join would then read all customers of a large one.
 */
export function customerName(table: "quotes" | "orders"): SQL<string> {
  const document = sql.raw(table);
  return sql`(select c.name from customers c where c.tenant_id = ${document}.tenant_id and c.id = ${document}.customer_id)`;
}

type Row = Parties & { site_customer_id: string | null };

// The lock makes an anonymization wait for the document that repeats the person's data, so that it finds it. Of a row it
// waited for itself, the job site is still as it was before: whether it may be read the customer tells.
const PARTIES = `
  select c.id as customer_id, c.name as customer_name, s.id as job_site_id, s.customer_id as site_customer_id,
         case when c.anonymized_at is null then coalesce(s.address, c.address) end as delivery_address
  from customers c left join job_sites s on s.tenant_id = c.tenant_id and s.id = $3
  where c.tenant_id = $1 and c.id = $2 for share of c`;

/** 404 for a customer or job site that the shop does not have, 422 for a job site of another customer. */
export async function readParties(
  work: ShopWork,
  customer_id: string,
  job_site_id: string | null | undefined,
): Promise<Parties> {
  const [found] = await work.tx.query<Row>(PARTIES, [work.tenant.tenant_id, customer_id, job_site_id ?? null]);
  if (!found) throw notFound("customer");
  const { site_customer_id, ...parties } = found;
  if (job_site_id && parties.job_site_id === null) throw notFound("job site");
  if (site_customer_id !== null && site_customer_id !== parties.customer_id) {
    throw unprocessable([{ path: "/job_site_id", message: "is a job site of another customer" }]);
  }
  return parties;
}
