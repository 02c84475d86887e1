import { and, asc, eq, getTableColumns } from "drizzle-orm";
import { isForeignKeyViolation, isUniqueViolation } from "../../../platform/database/errors.ts";
import { page } from "../../../platform/http/page.ts";
import { conflict, notFound } from "../../../platform/http/problem.ts";
import { readAddress } from "../address.ts";
import { afterName } from "../keyset.ts";
import { matching } from "../search/words.ts";
import { readTaxDocument } from "../tax-document.ts";
import type { ShopWork } from "../work.ts";
import type { CustomerChanges, CustomerQuery, NewCustomer } from "./shapes.ts";
import { customers } from "./table.ts";

const { tenant_id: _tenant, ...columns } = getTableColumns(customers);

export type Customer = Omit<typeof customers.$inferSelect, "tenant_id">;

/** Makes a customer. 409 `document_taken` when another one of the shop has its CPF or CNPJ. */
export async function createCustomer(work: ShopWork, input: NewCustomer): Promise<Customer> {
  const customer: Customer = {
    id: Bun.randomUUIDv7(),
    kind: input.kind,
    name: input.name,
    document: readDocument(input.kind, input.document),
    email: input.email ?? null,
    phone: input.phone ?? null,
    address: readAddress(input.address),
    notes: input.notes ?? null,
    anonymized_at: null,
    created_at: work.now,
    updated_at: work.now,
  };
  await work.orm
    .insert(customers)
    .values({ tenant_id: work.tenant.tenant_id, ...customer })
    .catch(documentTaken);
  return customer;
}

export async function getCustomer(work: ShopWork, id: string): Promise<Customer> {
  const [customer] = await work.orm.select(columns).from(customers).where(isCustomer(work, id));
  if (!customer) throw notFound("customer");
  return customer;
}

/**
 * The customer's id, once it is sure that until COMMIT nobody anonymizes it: what is written of a person meanwhile is
 * found by whoever does so next. 404 when the shop has no such customer, 409 when it was anonymized.
 */
export async function requirePerson(work: ShopWork, id: string): Promise<string> {
  const [customer] = await work.orm
    .select({ id: customers.id, anonymized_at: customers.anonymized_at })
    .from(customers)
    .where(isCustomer(work, id))
    .for("share");
  if (!customer) throw notFound("customer");
  if (customer.anonymized_at !== null) throw conflict("anonymized", "this customer was anonymized");
  return customer.id;
}

/** The shop's customers by name. */
export async function listCustomers(work: ShopWork, query: CustomerQuery) {
  const { limit = 50, cursor, q, kind } = query;
  const rows = await work.orm
    .select(columns)
    .from(customers)
    .where(
      and(
        eq(customers.tenant_id, work.tenant.tenant_id),
        kind === undefined ? undefined : eq(customers.kind, kind),
        afterName(customers.name, customers.id, cursor),
        await matching(work, "customer", customers.id, q),
      ),
    )
    .orderBy(asc(customers.name), asc(customers.id))
    .limit(limit + 1);
  return page(rows, limit, (row) => [row.name, row.id]);
}

/** Changes a customer; 409 `anonymized` when there is nobody behind the row any more. */
export async function updateCustomer(work: ShopWork, id: string, changes: CustomerChanges): Promise<Customer> {
  const [before] = await work.orm.select(columns).from(customers).where(isCustomer(work, id)).for("no key update");
  if (!before) throw notFound("customer");
  if (before.anonymized_at !== null) throw conflict("anonymized", "this customer was anonymized");
  const { document, address, ...rest } = changes;
  const kind = changes.kind ?? before.kind;
  const after: Customer = {
    ...before,
    ...rest,
    // A changed kind asks for the other sort of document, so the one that stays is looked at again.
    document: readDocument(kind, document === undefined ? before.document : document),
    address: address === undefined ? before.address : readAddress(address),
    updated_at: work.now,
  };
  await work.orm.update(customers).set(after).where(isCustomer(work, id)).catch(documentTaken);
  return after;
}

/** Deletes a customer that nothing refers to; 409 `in_use` otherwise. */
export async function deleteCustomer(work: ShopWork, id: string): Promise<void> {
  const gone = await work.orm
    .delete(customers)
    .where(isCustomer(work, id))
    .returning({ id: customers.id })
    .catch((error) => {
      if (isForeignKeyViolation(error)) throw conflict("in_use", "quotes, orders or job sites refer to this customer");
      throw error;
    });
  if (gone.length === 0) throw notFound("customer");
}

function isCustomer(work: ShopWork, id: string) {
  return and(eq(customers.tenant_id, work.tenant.tenant_id), eq(customers.id, id));
}

function readDocument(kind: Customer["kind"], document: string | null | undefined): string | null {
  if (document === null || document === undefined) return null;
  return readTaxDocument(kind === "individual" ? "cpf" : "cnpj", document, "/document");
}

function documentTaken(error: unknown): never {
  if (isUniqueViolation(error, "customers_document")) {
    throw conflict("document_taken", "another customer has this document");
  }
  throw error;
}
