import type { Row, Transaction } from "../database/database.ts";
import { notFound } from "../http/problem.ts";

/** A shop as an operator sees it among the others. */
export type ListedShop = {
  tenant_id: string;
  slug: string;
  name: string;
  active: boolean;
  users: number;
  created_at: string;
};

/** All shops by slug; only the owner's role sees them. */
export async function listShops(tx: Transaction): Promise<ListedShop[]> {
  return await tx.query<ListedShop & Row>(
    `select tenant_id, slug, name, active, created_at,
            (select count(*) from users u where u.tenant_id = t.tenant_id) as users
     from tenants t order by slug`,
  );
}

/** Suspends or resumes a shop; running processes follow within seconds. 404 when there is none of that slug. */
export async function setShopActive(tx: Transaction, slug: string, active: boolean): Promise<void> {
  const found = await tx.query(
    "update tenants set active = $2, updated_at = case when active = $2 then updated_at else now() end where slug = $1 returning 1",
    [slug, active],
  );
  if (found.length === 0) throw notFound(`shop ${slug}`);
}
