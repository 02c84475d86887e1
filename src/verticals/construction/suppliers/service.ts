import { and, asc, eq, getTableColumns } from "drizzle-orm";
import { isForeignKeyViolation, isUniqueViolation } from "../../../platform/database/errors.ts";
import { page } from "../../../platform/http/page.ts";
import { conflict, notFound } from "../../../platform/http/problem.ts";
import { afterName } from "../keyset.ts";
import { matching } from "../search/words.ts";
import { readTaxDocument } from "../tax-document.ts";
import type { ShopWork } from "../work.ts";
import type { NewSupplier, SupplierChanges, SupplierQuery } from "./shapes.ts";
import { suppliers } from "./table.ts";

const { tenant_id: _tenant, ...columns } = getTableColumns(suppliers);

export type Supplier = Omit<typeof suppliers.$inferSelect, "tenant_id">;

/** Makes a supplier. 409 `document_taken` when another one of the shop has its document. */
export async function createSupplier(work: ShopWork, input: NewSupplier): Promise<Supplier> {
  const supplier: Supplier = {
    id: Bun.randomUUIDv7(),
    name: input.name,
    document: readDocument(input.document),
    email: input.email ?? null,
    phone: input.phone ?? null,
    active: input.active ?? true,
    created_at: work.now,
    updated_at: work.now,
  };
  await work.orm
    .insert(suppliers)
    .values({ tenant_id: work.tenant.tenant_id, ...supplier })
    .catch(documentTaken);
  recordUpdate(work, supplier);
  return supplier;
}

export async function getSupplier(work: ShopWork, id: string): Promise<Supplier> {
  const [supplier] = await work.orm.select(columns).from(suppliers).where(isSupplier(work, id));
  if (!supplier) throw notFound("supplier");
  return supplier;
}

/** The shop's suppliers by name. */
export async function listSuppliers(work: ShopWork, query: SupplierQuery) {
  const { limit = 50, cursor, q, active } = query;
  const rows = await work.orm
    .select(columns)
    .from(suppliers)
    .where(
      and(
        eq(suppliers.tenant_id, work.tenant.tenant_id),
        active === undefined ? undefined : eq(suppliers.active, active),
        afterName(suppliers.name, suppliers.id, cursor),
        await matching(work, "supplier", suppliers.id, q),
      ),
    )
    .orderBy(asc(suppliers.name), asc(suppliers.id))
    .limit(limit + 1);
  return page(rows, limit, (row) => [row.name, row.id]);
}

export async function updateSupplier(work: ShopWork, id: string, changes: SupplierChanges): Promise<Supplier> {
  const [before] = await work.orm.select(columns).from(suppliers).where(isSupplier(work, id)).for("no key update");
  if (!before) throw notFound("supplier");
  const { document, ...rest } = changes;
  const after: Supplier = {
    ...before,
    ...rest,
    document: document === undefined ? before.document : readDocument(document),
    updated_at: work.now,
  };
  await work.orm.update(suppliers).set(after).where(isSupplier(work, id)).catch(documentTaken);
  recordUpdate(work, after);
  return after;
}

/** Deletes a supplier that has no prices; 409 `in_use` otherwise: make it inactive instead. */
export async function deleteSupplier(work: ShopWork, id: string): Promise<void> {
  const [gone] = await work.orm
    .delete(suppliers)
    .where(isSupplier(work, id))
    .returning(columns)
    .catch((error) => {
      if (isForeignKeyViolation(error)) throw conflict("in_use", "prices refer to this supplier");
      throw error;
    });
  if (!gone) throw notFound("supplier");
  recordUpdate(work, { ...gone, active: false });
}

function isSupplier(work: ShopWork, id: string) {
  return and(eq(suppliers.tenant_id, work.tenant.tenant_id), eq(suppliers.id, id));
}

function recordUpdate(work: ShopWork, { id, name, active }: Supplier): void {
  work.record("supplier_updated", { supplier_id: id, name, active, user_id: work.actor?.id ?? null });
}

/** Most suppliers are companies, some are people. */
function readDocument(document: string | null | undefined): string | null {
  if (document === null || document === undefined) return null;
  const digits = document.replace(/[^0-9A-Za-z]/g, "");
  return readTaxDocument(digits.length === 11 ? "cpf" : "cnpj", document, "/document");
}

function documentTaken(error: unknown): never {
  if (isUniqueViolation(error, "suppliers_document")) {
    throw conflict("document_taken", "another supplier has this document");
  }
  throw error;
}
