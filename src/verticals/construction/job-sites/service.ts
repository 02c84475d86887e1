import { and, asc, eq, getTableColumns } from "drizzle-orm";
import { isForeignKeyViolation } from "../../../platform/database/errors.ts";
import { page } from "../../../platform/http/page.ts";
import { conflict, notFound } from "../../../platform/http/problem.ts";
import { readAddress } from "../address.ts";
import { requirePerson } from "../customers/service.ts";
import { afterName } from "../keyset.ts";
import { matching } from "../search/words.ts";
import type { ShopWork } from "../work.ts";
import type { JobSiteChanges, JobSiteQuery, NewJobSite } from "./shapes.ts";
import { job_sites } from "./table.ts";

const { tenant_id: _tenant, ...columns } = getTableColumns(job_sites);

export type JobSite = Omit<typeof job_sites.$inferSelect, "tenant_id">;

/** Makes a job site of a customer; 404 when the shop has no such customer, 409 when it was anonymized. */
export async function createJobSite(work: ShopWork, input: NewJobSite): Promise<JobSite> {
  const customer_id = await requirePerson(work, input.customer_id);
  const site: JobSite = {
    id: Bun.randomUUIDv7(),
    customer_id,
    name: input.name,
    address: readAddress(input.address),
    notes: input.notes ?? null,
    active: input.active ?? true,
    created_at: work.now,
    updated_at: work.now,
  };
  await work.orm.insert(job_sites).values({ tenant_id: work.tenant.tenant_id, ...site });
  return site;
}

export async function getJobSite(work: ShopWork, id: string): Promise<JobSite> {
  const [site] = await work.orm.select(columns).from(job_sites).where(isSite(work, id));
  if (!site) throw notFound("job site");
  return site;
}

/** The shop's job sites by name. */
export async function listJobSites(work: ShopWork, query: JobSiteQuery) {
  const { limit = 50, cursor, q, customer_id } = query;
  const rows = await work.orm
    .select(columns)
    .from(job_sites)
    .where(
      and(
        eq(job_sites.tenant_id, work.tenant.tenant_id),
        customer_id === undefined ? undefined : eq(job_sites.customer_id, customer_id),
        afterName(job_sites.name, job_sites.id, cursor),
        await matching(work, "job_site", job_sites.id, q),
      ),
    )
    .orderBy(asc(job_sites.name), asc(job_sites.id))
    .limit(limit + 1);
  return page(rows, limit, (row) => [row.name, row.id]);
}

/** Changes a job site; 409 `anonymized` when something is to be told of a customer who is nobody any more. */
export async function updateJobSite(work: ShopWork, id: string, changes: JobSiteChanges): Promise<JobSite> {
  if (changes.name !== undefined || changes.address || changes.notes) {
    // The customer first, as an anonymization goes.
    await requirePerson(work, (await getJobSite(work, id)).customer_id);
  }
  const [before] = await work.orm.select(columns).from(job_sites).where(isSite(work, id)).for("no key update");
  if (!before) throw notFound("job site");
  const { address, ...rest } = changes;
  const after: JobSite = {
    ...before,
    ...rest,
    address: address === undefined ? before.address : readAddress(address),
    updated_at: work.now,
  };
  await work.orm.update(job_sites).set(after).where(isSite(work, id));
  return after;
}

/** Deletes a job site that nothing refers to; 409 `in_use` otherwise: make it inactive instead. */
export async function deleteJobSite(work: ShopWork, id: string): Promise<void> {
  const gone = await work.orm
    .delete(job_sites)
    .where(isSite(work, id))
    .returning({ id: job_sites.id })
    .catch((error) => {
      if (isForeignKeyViolation(error)) throw conflict("in_use", "quotes or orders refer to this job site");
      throw error;
    });
  if (gone.length === 0) throw notFound("job site");
}

function isSite(work: ShopWork, id: string) {
  return and(eq(job_sites.tenant_id, work.tenant.tenant_id), eq(job_sites.id, id));
}
